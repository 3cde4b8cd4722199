import { useEffect, useRef } from 'react';
import { useOpenWindow, useWindow } from '../../api/usePower';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';
import { Refusal } from '../../components/Refusal';
import { ViewTitle } from '../../components/ViewTitle';
import { HistoryPanel } from './HistoryPanel';
import { OpenWindowForm } from './OpenWindowForm';
import { PolicyPanel } from './PolicyPanel';
import { SchedulePanel } from './SchedulePanel';
import { ServicePanel } from './ServicePanel';
import { WindowDetails } from './WindowDetails';

export default function Power() {
  const window = useWindow();
  // Here, since another's window takes the place of the form, while its refusal has to stay.
  const open = useOpenWindow();
  useForgotten(window.data?.status, open.reset);
  return (
    <>
      <ViewTitle title="Power" />
      <div className="grid">
        <Panel title="Window" className="span-6">
          <Refusal error={open.error} />
          <QueryView query={window} lines={16} room="window">
            {(data) =>
              data.status === 'open' ? <WindowDetails window={data} /> : <OpenWindowForm window={data} open={open} />
            }
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

/** The refusal of a window is of no interest any more when the window in its way has ended. */
function useForgotten(status: string | undefined, forget: () => void): void {
  const previous = useRef(status);
  useEffect(() => {
    if (previous.current === 'open' && status === 'none') forget();
    previous.current = status;
  }, [status, forget]);
}
