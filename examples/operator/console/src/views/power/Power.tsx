import { useWindow } from '../../api/usePower';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';
import { ViewTitle } from '../../components/ViewTitle';
import { HistoryPanel } from './HistoryPanel';
import { OpenWindowForm } from './OpenWindowForm';
import { PolicyPanel } from './PolicyPanel';
import { SchedulePanel } from './SchedulePanel';
import { ServicePanel } from './ServicePanel';
import { WindowDetails } from './WindowDetails';

export default function Power() {
  const window = useWindow();
  return (
    <>
      <ViewTitle title="Power" />
      <div className="grid">
        <Panel title="Window" className="span-6">
          <QueryView query={window} lines={16} room="window">
            {(data) => (data.status === 'open' ? <WindowDetails window={data} /> : <OpenWindowForm window={data} />)}
          </QueryView>
        </Panel>
        <PolicyPanel />
        <ServicePanel />
        <SchedulePanel />
        <HistoryPanel />
      </div>
    </>
  );
}
