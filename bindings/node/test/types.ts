// Compiled and never run: the types say what the package does.
import {
  ChatFailed, CircuitBreaker, CircuitOpen, FunctionTransport, HealthAggregator, HttpTransport,
  OperatorApi, PowerClient, Router, SessionStore,
} from '..';

export async function everything(): Promise<number> {
  const breaker = new CircuitBreaker({ failuresToOpen: 2, isFailure: (e) => e instanceof Error });
  const twice = breaker.guard((n: number) => n * 2);
  const four: number = await twice(2);
  const transport = new FunctionTransport(async (request) => ({ body: request.body }));
  const router = new Router({
    targets: [
      { name: 'switch', url: 'http://s', transport: new HttpTransport({ connectTimeoutMs: 5 }) },
      { name: 'madre', url: 'http://m', transport, breaker, dialect: 'madre' },
    ],
  });
  const gpus = new Router({
    targets: [{ name: 'a', url: 'http://a/v1', dialect: 'openai', model: 'm', key: 'k', group: 'g', weight: 2 }],
    groups: [{ name: 'g', policy: 'least_in_flight' }],
    fallbackRules: [{ when: 'context_too_long', next: 'g' }, { statuses: [400, 422] }],
    lastResorts: 2,
    overtaken: 'cancel',
    shadow: { target: { name: 'trial', url: 'http://b/v1', fallbackAfterMs: 5 }, share: 0.5, maxInFlight: 2 },
  });
  // @ts-expect-error no such condition
  new Router({ targets: [], fallbackRules: [{ when: 'too_long' }] });
  await gpus.stream('hi')[Symbol.asyncDispose]();
  for await (const piece of gpus.stream('hi', { pieceTimeoutMs: 5 })) piece.text.trim();
  const window = new CircuitBreaker({ trip: { window: 'count', size: 9, slow: { afterMs: 5 } } });
  if (window.mode === 'automatic') window.isolate();
  // @ts-expect-error a count window has no span
  new CircuitBreaker({ trip: { window: 'count', spanMs: 9 } });
  const power = new PowerClient('http://m', { transport });
  const health = new HealthAggregator({ components: [{ name: 'a', check: 'self' }], power });
  const sessions = new SessionStore({ path: ':memory:' });
  const auth = { token: 't' };
  const api = new OperatorApi({ auth, router, health, power, sessions });
  try {
    const text: string = (await router.ask('hi', { signal: AbortSignal.timeout(5) })).text;
    const answer = await api.handle({ method: 'GET', target: '/livez', headers: [['a', 'b']] });
    return answer.status + text.length + four + (await sessions.recent('s')).length;
  } catch (error) {
    if (error instanceof CircuitOpen || error instanceof ChatFailed) return error.retryAfterMs;
    // @ts-expect-error a state is one of three words
    return breaker.state === 'ajar' ? 1 : 0;
  }
}
