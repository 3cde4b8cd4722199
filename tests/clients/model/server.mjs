// The model server, on a free port: node server.mjs GGUF
// Two models of the same file, which differ in the tokens that they answer unless the request has another limit.
import { InferenceServer, createExpressServer } from 'inference-server';

const model = (maxTokens) => ({
  task: 'text-completion',
  engine: 'node-llama-cpp',
  location: process.argv[2],
  contextSize: 512,
  device: { gpu: false, cpuThreads: 1 },
  prepare: 'blocking',
  minInstances: 1,
  completionDefaults: { maxTokens, seed: 1 },
});
const models = new InferenceServer({ models: { short: model(16), long: model(4000) } });
await models.start();
const server = createExpressServer(models);
server.on('request', (request, response) =>
  response.on('close', () => response.writableFinished || console.log('a client left')));
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}/openai/v1`));
