import { usePolicies } from '../../api/usePower';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';

export function PolicyPanel() {
  const policies = usePolicies();
  return (
    <Panel title="Policies" className="span-6">
      <QueryView query={policies}>{(data) => <pre className="json">{JSON.stringify(data, null, 2)}</pre>}</QueryView>
    </Panel>
  );
}
