import { useMemo } from 'react';
import { useTopology } from '../../api/useStatus';
import type { Topology } from '../../api/types';
import { Panel } from '../../components/Panel';
import { QueryView } from '../../components/QueryView';
import { StatusShape } from '../../components/StatusBadge';
import { words } from '../../lib/format';
import { toneOf } from '../../lib/tone';
import { useMedia } from '../../lib/useMedia';
import { type Box, box, edgePath, layOut } from './topologyLayout';

export function TopologyPanel() {
  const topology = useTopology();
  return (
    <Panel title="Topology" aside={<Legend />}>
      <QueryView
        query={topology}
        lines={8}
        room="topology"
        empty={{ when: ({ nodes }) => nodes.length === 0, text: 'No module is known.' }}
      >
        {(data) => <TopologyMap topology={topology.isError ? unknown(data) : data} />}
      </QueryView>
    </Panel>
  );
}

/** What cannot be renewed is not known any more. */
const unknown = ({ nodes, ...rest }: Topology): Topology => ({
  ...rest,
  nodes: nodes.map((node) => ({ ...node, status: 'UNKNOWN' })),
});

function Legend() {
  return (
    <span className="legend muted small">
      <StatusShape tone="ok" /> up <StatusShape tone="warn" /> degraded <StatusShape tone="off" /> off by policy{' '}
      <StatusShape tone="unknown" /> unknown
    </span>
  );
}

function describe({ nodes }: Topology): string {
  const states = nodes.map(({ label, status }) => `${label} ${words(status.toLowerCase())}`);
  return `Topology of ${nodes.length} modules: ${states.join(', ')}`;
}

function TopologyMap({ topology }: { topology: Topology }) {
  const narrow = useMedia('(max-width: 760px)');
  const { width, height, boxes } = useMemo(() => layOut(topology.nodes, narrow), [topology.nodes, narrow]);
  const at = (id: string) => boxes.find(({ node }) => node.id === id);
  return (
    <svg className="topology" viewBox={`-2 -2 ${width + 4} ${height + 4}`} role="img" aria-label={describe(topology)}>
      {topology.edges.map((edge) => {
        const [from, to] = [at(edge.from), at(edge.to)];
        return (
          from &&
          to && (
            <Edge
              key={`${edge.from} ${edge.to} ${edge.label}`}
              from={from}
              to={to}
              label={edge.label}
              narrow={narrow}
            />
          )
        );
      })}
      {boxes.map((each) => (
        <Module key={each.node.id} at={each} />
      ))}
    </svg>
  );
}

function Edge({ from, to, label, narrow }: { from: Box; to: Box; label: string; narrow: boolean }) {
  const tone = [from, to].map(({ node }) => toneOf(node.status)).find((each) => each !== 'ok') ?? 'ok';
  return (
    <path className={`edge edge-${tone}`} d={edgePath(from, to, narrow)}>
      <title>{`${from.node.label} to ${to.node.label}: ${label}`}</title>
    </path>
  );
}

function Module({ at: { node, x, y } }: { at: Box }) {
  const tone = toneOf(node.status);
  const label = node.label.length > 17 ? `${node.label.slice(0, 16)}…` : node.label;
  return (
    <g transform={`translate(${x} ${y})`} className={`module tone-${tone}`}>
      <title>{`${node.label}: ${words(node.status.toLowerCase())}`}</title>
      <rect width={box.width} height={box.height} rx="6" />
      <svg x="9" y="14" width="12" height="12">
        <StatusShape tone={tone} />
      </svg>
      <text x="27" y={node.port ? 17 : 25}>
        {label}
      </text>
      {node.port && (
        <text x="27" y="32" className="port">
          :{node.port}
        </text>
      )}
    </g>
  );
}
