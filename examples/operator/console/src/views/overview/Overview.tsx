import { ViewTitle } from '../../components/ViewTitle';
import { BreakerPanel } from './BreakerPanel';
import { ComponentPanel } from './ComponentPanel';
import { EventPanel } from './EventPanel';
import { ObjectivePanel } from './ObjectivePanel';
import { Tiles } from './Tiles';
import { TopologyPanel } from './TopologyPanel';

export function Overview() {
  return (
    <>
      <ViewTitle title="Overview" />
      <Tiles />
      <div className="grid">
        <div className="span-8 stack">
          <TopologyPanel />
          <ComponentPanel />
        </div>
        <div className="span-4 stack">
          <BreakerPanel />
          <EventPanel />
        </div>
        <ObjectivePanel />
      </div>
    </>
  );
}
