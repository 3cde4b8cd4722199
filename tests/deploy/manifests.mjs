// The manifests of Kubernetes, against the schemas of its API: types, required members, and members that do not exist.
//   manifests.mjs DEPLOY-FOLDER    from a folder with the packages of package.json
// The schemas allow unknown members, as the API server does without strict validation; the types of the same package
// do not, so the manifests are compiled as literals of those.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import yaml from 'yaml';

const deploy = process.argv[2];
const npm = dirname(fileURLToPath(import.meta.url));
let failed = 0;

function check(claim, holds, why = '') {
  console.log((holds ? 'ok   ' : 'FAIL ') + claim);
  if (holds) return;
  failed += 1;
  if (why) console.log('       ' + String(why).replaceAll('\n', '\n       '));
}

const folder = join(deploy, 'kubernetes');
const manifests = readdirSync(folder).filter((name) => name.endsWith('.yaml')).flatMap((name) =>
  yaml.parseAllDocuments(readFileSync(join(folder, name), 'utf8')).map((document) => {
    check(`${name} is YAML`, document.errors.length === 0, document.errors);
    return document.toJS();
  }));
const of = (kind, name) => manifests.find((each) => each.kind === kind && each.metadata.name === name);

const moduleOf = ({ apiVersion }) => `kubernetes-models/${apiVersion}`;
for (const manifest of manifests) {
  const claim = `${manifest.kind} ${manifest.metadata.name} is valid`;
  try {
    const models = await import(moduleOf(manifest));
    new models[manifest.kind](manifest).validate();
    check(claim, true);
  } catch (error) {
    check(claim, false, error.message);
  }
}

// The compiler's messages about these manifests; empty if there are none.
function mistypings(all) {
  const lines = all.map((manifest, i) => `import type { I${manifest.kind} as T${i} } from '${moduleOf(manifest)}';
export const m${i}: T${i} = ${JSON.stringify(manifest)};`);
  writeFileSync(join(npm, 'manifests.ts'), lines.join('\n'));
  try {
    execFileSync(process.execPath, [join(npm, 'node_modules/typescript/lib/tsc.js'), '--noEmit', '--strict', '--skipLibCheck',
      '--target', 'es2022', '--module', 'nodenext', '--moduleResolution', 'nodenext', join(npm, 'manifests.ts')],
    { cwd: npm, stdio: 'pipe' });
    return '';
  } catch (error) {
    return error.stdout.toString();
  }
}
const messages = mistypings(manifests);
check('no manifest has a member that does not exist', messages === '', messages);
const misspelt = structuredClone(of('Deployment', 'vx11-gateway'));
misspelt.spec.template.spec.containers[0].readinesProbe = {};
check('a misspelt member would be noticed', mistypings([misspelt]).includes('readinesProbe'));

// --- what must hold beside the schemas ----------------------------------------------------------------------------

const gateway = of('Deployment', 'vx11-gateway');
const pod = gateway.spec.template.spec;
const toml = of('ConfigMap', 'vx11-gateway').data['gateway.toml'];
const seconds = (key) => Number(new RegExp(`^${key} = "(\\d+)s"`, 'm').exec(toml)[1]);
check('a gateway may drain before it is killed',
  pod.terminationGracePeriodSeconds > seconds('drain_delay') + seconds('shutdown_grace'));
const probe = pod.containers[0].readinessProbe;
check('it is not ready long before it stops to serve',
  seconds('drain_delay') >= 2 * probe.periodSeconds * probe.failureThreshold + probe.timeoutSeconds);
check('a new version takes no gateway away', gateway.spec.strategy.rollingUpdate.maxUnavailable === 0);
for (const kind of ['Deployment', 'StatefulSet']) {
  for (const { metadata, spec } of manifests.filter((each) => each.kind === kind)) {
    const own = (selector) => JSON.stringify(selector) === JSON.stringify(spec.template.metadata.labels);
    check(`${metadata.name}: selectors match its pods`, own(spec.selector.matchLabels) &&
      own(of('Service', metadata.name).spec.selector) && own(of('PodDisruptionBudget', metadata.name).spec.selector.matchLabels) &&
      own(of('NetworkPolicy', metadata.name).spec.podSelector.matchLabels));
    check(`${metadata.name}: not root, no token of the cluster`, spec.template.spec.securityContext.runAsNonRoot &&
      spec.template.spec.automountServiceAccountToken === false);
    for (const { name, securityContext, resources } of spec.template.spec.containers) {
      check(`${metadata.name}/${name}: confined`, securityContext.readOnlyRootFilesystem &&
        !securityContext.allowPrivilegeEscalation && securityContext.capabilities.drop.includes('ALL') && resources.limits.memory);
    }
  }
}
for (const name of ['start-redis', 'start-sentinel']) {
  try {
    execFileSync('sh', ['-n'], { input: of('ConfigMap', 'redis').data[name], stdio: 'pipe' });
    check(`${name} is a script`, true);
  } catch (error) {
    check(`${name} is a script`, false, error.stderr);
  }
}
writeFileSync(join(npm, 'gateway.toml'), toml);
process.exit(failed === 0 ? 0 : 1);
