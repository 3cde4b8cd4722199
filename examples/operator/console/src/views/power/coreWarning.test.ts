import { expect, test } from 'vitest';
import { coreWarning } from './coreWarning';

test('what ends the core is warned of', () => {
  expect(coreWarning('madre', 'core', 'stop')).toMatch(/no window opens.*cannot start madre again/);
  expect(coreWarning('tentaculo_link', 'core', 'stop')).toMatch(/it is the gateway.*cannot start tentaculo_link again/);
  expect(coreWarning('redis', 'core', 'stop')).toMatch(/until redis is started again/);
  expect(coreWarning('madre', 'core', 'restart')).toMatch(/Until it is back/);
  expect(coreWarning('anything', 'core', 'stop')).toMatch(/the core is not whole/);
});

test('all else is not', () => {
  expect(coreWarning('madre', 'core', 'start')).toBeNull();
  expect(coreWarning('hermes', 'optional', 'stop')).toBeNull();
});
