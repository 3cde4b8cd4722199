import { expect, test } from 'vitest';
import { tooLong } from './size';

test('a message is measured as it is sent', () => {
  expect(tooLong('x'.repeat(65_000))).toBeUndefined();
  expect(tooLong('x'.repeat(70_000))).toMatch(/69 KiB.*64 KiB/);
  expect(tooLong('ä'.repeat(32_000))).toBeUndefined();
  expect(tooLong('ä'.repeat(33_000))).toBeDefined();
  expect(tooLong('\n'.repeat(33_000))).toBeDefined();
});
