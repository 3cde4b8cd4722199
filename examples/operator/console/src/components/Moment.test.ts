import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { shownTimes } from '../lib/format';
import { Moment } from './Moment';

test('a time is shown in the zone of the settings', () => {
  const shown = () => renderToStaticMarkup(createElement(Moment, { at: '2026-01-01T12:00:00Z' }));
  expect(shown()).not.toContain('UTC');
  shownTimes.set('utc');
  expect(shown()).toMatch(/12:00:00.* UTC/);
  shownTimes.set('local');
  expect(shown()).not.toContain('UTC');
});
