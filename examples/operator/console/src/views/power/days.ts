/** "every day", "Mon–Fri", "Sat, Sun": days that follow one another are a range. */
export function daysText(days: readonly string[]): string {
  const week = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  const name = (index: number) => `${week[index]?.charAt(0).toUpperCase()}${week[index]?.slice(1)}`;
  const chosen = week.map((_, index) => index).filter((index) => days.includes(week[index] ?? ''));
  if (chosen.length === 7) return 'every day';
  const ranges: [number, number][] = [];
  for (const index of chosen) {
    const last = ranges.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges
    .map(([first, last]) =>
      last - first > 1
        ? `${name(first)}–${name(last)}`
        : first === last
          ? name(first)
          : `${name(first)}, ${name(last)}`,
    )
    .join(', ');
}
