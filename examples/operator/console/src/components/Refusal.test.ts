import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { ApiError, UnreachableError } from '../api/errors';
import { Refusal } from './Refusal';

const shown = (error: unknown, harmless = false) => renderToStaticMarkup(createElement(Refusal, { error, harmless }));

test('a command whose answer is lost is not shown as one that was never sent', () => {
  for (const error of [new UnreachableError(), new ApiError(504, { message: 'madre is late' })]) {
    expect(shown(error)).toMatch(/may have been carried out.*audit/);
  }
  expect(shown(new UnreachableError())).not.toMatch(/cannot be reached/);
});

test('a plan whose answer is lost has done nothing', () => {
  expect(shown(new UnreachableError(), true)).toMatch(/cannot be reached/);
});

test('a refusal was not carried out', () => {
  expect(shown(new ApiError(429, {}))).not.toMatch(/may have been carried out/);
});
