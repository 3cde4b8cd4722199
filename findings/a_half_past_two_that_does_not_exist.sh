#!/usr/bin/env bash
# What:     systemd-analyze 252 (Debian 12), croner 11.0.1, cron 4.4.0, cron-parser 5.10.6, luxon
#           3.7.2 and date-fns-tz 3.2.0 (npm) on Node.js 20: "02:30 in Berlin" on the day on which
#           the clock goes from 02:00 to 03:00, and "at each half hour" when it goes back.
# Guess:    in spring each of them runs once that day, at 03:30, the same moment as half an hour
#           after 02:00 would have been. In autumn a timer for each half hour runs each half hour.
# Seen:     four answers. systemd leaves the day out. croner and cron run at 03:00, cron-parser and
#           luxon at 03:30, date-fns-tz at 01:30, an hour early. cron runs "30 * * * *" at 03:00 and
#           at 03:30. In autumn systemd's timer for each half hour is silent for an hour and a half,
#           from 02:30 of the first hour to 03:00. A schedule that closes something at 02:30 leaves
#           it open for a day; which hours are safe has to be said, and computed in one place.
# Output:   daily at 02:30, on 28 March 2027:
#           systemd: none
#           croner: 03:00+02:00
#           cron: 03:00+02:00
#           cron-parser: 03:30+02:00
#           luxon: 03:30+02:00
#           date-fns-tz: 01:30+01:00
#           hourly at :30, after 01:00 on 28 March 2027:
#           croner: 01:30+01:00 03:30+02:00 04:30+02:00
#           cron: 01:30+01:00 03:00+02:00 03:30+02:00
#           cron-parser: 01:30+01:00 03:30+02:00 04:30+02:00
#           half-hourly, after 02:10 summer time on 31 October 2027:
#           systemd: 00:30 02:00 02:30 UTC
#           croner: 00:30 01:00 01:30 UTC
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian 12's packages, unpacked into the temporary folder; their libraries have to be installed.
(cd "$work" && apt-get download -qq 'systemd=252.*' 2>"$work/apt" &&
  for package in *.deb; do dpkg -x "$package" .; done) || { cat "$work/apt" >&2; exit 2; }
export LD_LIBRARY_PATH=$work/usr/lib/systemd:$work/lib/systemd
PATH=$work/usr/bin:$PATH
export TZ=UTC
cd "$work"
npm install --silent --no-audit --no-fund croner@11.0.1 cron@4.4.0 cron-parser@5.10.6 \
  luxon@3.7.2 date-fns-tz@3.2.0 date-fns@4

# next COUNT AFTER CALENDAR: in UTC
next() {
  systemd-analyze calendar --iterations="$1" --base-time="$2" "$3" |
    sed -nE 's/.*(Next elapse|Iter\. #[0-9]+): \w+ ([-0-9]+) ([0-9]+:[0-9]+).*/\2 \3/p'
}
cat >finding.mjs <<'JS'
import { execFileSync } from 'node:child_process';
import { CronTime } from 'cron';
import { CronExpressionParser } from 'cron-parser';
import { Cron } from 'croner';
import { fromZonedTime } from 'date-fns-tz';
import { DateTime } from 'luxon';

const ZONE = 'Europe/Berlin';
const local = (date) => DateTime.fromJSDate(date).setZone(ZONE).toFormat('HH:mmZZ');
const onTheDay = (dates) =>
  dates.filter((date) => DateTime.fromJSDate(date).setZone(ZONE).toISODate() === '2027-03-28').map(local);

// The next three times of a cron expression.
const next = {
  'croner': (expression, after) => new Cron(expression, { timezone: ZONE }).nextRuns(3, after),
  'cron': (expression, after) => {
    const time = new CronTime(expression, ZONE);
    const dates = [];
    for (let date = after; dates.length < 3; dates.push(date)) date = time.getNextDateFrom(date, ZONE).toJSDate();
    return dates;
  },
  'cron-parser': (expression, after) => {
    const times = CronExpressionParser.parse(expression, { currentDate: after, tz: ZONE });
    return [times.next().toDate(), times.next().toDate(), times.next().toDate()];
  },
};
const half = '2027-03-28T02:30:00';
const once = {
  'luxon': () => [DateTime.fromISO(half, { zone: ZONE }).toJSDate()],
  'date-fns-tz': () => [fromZonedTime(half, ZONE)],
};
for (const [name, times] of Object.entries(next))
  console.log(`${name}: ${onTheDay(times('30 2 * * *', new Date('2027-03-27T12:00Z'))).join(' ')}`);
for (const [name, times] of Object.entries(once)) console.log(`${name}: ${onTheDay(times()).join(' ')}`);
console.log('hourly at :30, after 01:00 on 28 March 2027:');
for (const [name, times] of Object.entries(next))
  console.log(`${name}: ${times('30 * * * *', new Date('2027-03-28T00:00Z')).map(local).join(' ')}`);
console.log('half-hourly, after 02:10 summer time on 31 October 2027:');
console.log(`systemd: ${process.argv[2]} UTC`);
const utc = next.croner('0,30 * * * *', new Date('2027-10-31T00:10Z')).map((date) => date.toISOString().slice(11, 16));
console.log(`croner: ${utc.join(' ')} UTC`);
JS
{
  echo 'daily at 02:30, on 28 March 2027:'
  on_the_day=$(next 1 '2027-03-27 12:00 UTC' '*-*-* 02:30:00 Europe/Berlin' | grep '^2027-03-28' || echo none)
  echo "systemd: $on_the_day"
  node finding.mjs "$(next 3 '2027-10-31 00:10 UTC' '*-*-* *:00/30:00 Europe/Berlin' | cut -d' ' -f2 | paste -sd' ')"
} | tee seen
diff - seen <<'EXPECTED'
daily at 02:30, on 28 March 2027:
systemd: none
croner: 03:00+02:00
cron: 03:00+02:00
cron-parser: 03:30+02:00
luxon: 03:30+02:00
date-fns-tz: 01:30+01:00
hourly at :30, after 01:00 on 28 March 2027:
croner: 01:30+01:00 03:30+02:00 04:30+02:00
cron: 01:30+01:00 03:00+02:00 03:30+02:00
cron-parser: 01:30+01:00 03:30+02:00 04:30+02:00
half-hourly, after 02:10 summer time on 31 October 2027:
systemd: 00:30 02:00 02:30 UTC
croner: 00:30 01:00 01:30 UTC
EXPECTED
