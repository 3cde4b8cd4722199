import { moment, shownTimes } from '../lib/format';
import { serverClock } from '../lib/serverClock';
import { useStore } from '../lib/store';

/** A time in the zone of the settings; follows when they change. */
export function Moment({ at }: { at: string }) {
  const times = useStore(shownTimes);
  return <time dateTime={at}>{moment(at, serverClock.now(), times)}</time>;
}
