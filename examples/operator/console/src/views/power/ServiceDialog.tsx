import { useEffect, useRef, useState } from 'react';
import { useServiceCommand } from '../../api/usePower';
import type { Service, ServiceAction, ServiceAnswer } from '../../api/types';
import { Dialog } from '../../components/Dialog';
import { Skeleton } from '../../components/QueryView';
import { Refusal } from '../../components/Refusal';
import { StatusBadge, StatusShape } from '../../components/StatusBadge';
import { Confirmation } from './Confirmation';
import { coreWarning } from './coreWarning';

interface Props {
  name: Service;
  category: string;
  action: ServiceAction;
  onClose: () => void;
}

const phrase = 'I_UNDERSTAND_THIS_STOPS_SERVICES';

/** First the plan, then the command. Only what madre has carried out is shown as executed. */
export function ServiceDialog({ name, category, action, onClose }: Props) {
  const plan = useServiceCommand();
  const command = useServiceCommand();
  const asked = useRef(false);
  const { mutate } = plan;
  useEffect(() => {
    if (asked.current) return;
    asked.current = true;
    mutate({ name, action });
  }, [mutate, name, action]);
  const warning = coreWarning(name, category, action);
  // What may have been carried out, or was refused, needs a confirmation anew.
  const [attempts, setAttempts] = useState(0);
  const apply = () => command.mutate({ name, action, confirm: phrase }, { onError: () => setAttempts(attempts + 1) });
  return (
    <Dialog title={`${action[0]?.toUpperCase()}${action.slice(1)} ${name}`} onClose={onClose}>
      {warning && (
        <p className="alert tone-bad">
          <StatusShape tone="bad" /> <strong>This ends the core.</strong> {warning}
        </p>
      )}
      {plan.isPending && <Skeleton lines={3} />}
      <Refusal error={plan.error} harmless />
      {plan.data && !plan.data.executed && !command.data && <Plan answer={plan.data} />}
      {plan.data?.executed && <Result answer={plan.data} />}
      <Refusal error={command.error} />
      {command.data && <Result answer={command.data} />}
      {plan.data && !plan.data.executed && !command.data && (
        <Confirmation
          key={attempts}
          name={name}
          action={action}
          core={warning !== null}
          busy={command.isPending}
          onConfirm={apply}
          onClose={onClose}
        />
      )}
      {(plan.error || plan.data?.executed || command.data) && (
        <div className="dialog-actions">
          <button type="button" onClick={onClose}>
            Close
          </button>
        </div>
      )}
    </Dialog>
  );
}

function Plan({ answer }: { answer: ServiceAnswer }) {
  return (
    <>
      <p>
        <StatusBadge status="planned" /> Nothing has been done yet. This is the plan of madre:
      </p>
      <Details answer={answer} />
    </>
  );
}

function Result({ answer }: { answer: ServiceAnswer }) {
  return (
    <div role="status">
      {answer.executed ? (
        <p>
          <StatusBadge status="done" /> madre has carried it out.
        </p>
      ) : (
        <p className="alert tone-warn">
          <strong>Not executed.</strong> madre has only planned the command. The gateway needs a power key (
          <code>power.key_file</code>) to carry it out.
        </p>
      )}
      <Details answer={answer} />
    </div>
  );
}

function Details({ answer }: { answer: ServiceAnswer }) {
  return <pre className="json">{JSON.stringify(answer.madre, null, 2)}</pre>;
}
