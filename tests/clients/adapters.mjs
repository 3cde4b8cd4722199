// One adapter per client, all with the same shape: start({url, headers, body, fetch, onEvent, onOver}) asks once
// and leaves the rest to the client. onEvent gets {event, id, data}; onOver is called when the client has stopped
// for good. `document` is the tab that fetch-event-source looks at.

export const document = Object.assign(new EventTarget(), { hidden: false });

async function eventsource({ url, headers, body, fetch, onEvent, onOver }) {
  const { EventSource } = await import('eventsource');
  const source = new EventSource(url, {
    fetch: (input, init) =>
      fetch(input, { ...init, method: 'POST', headers: { ...init.headers, ...headers }, body }),
  });
  for (const event of ['message', 'done', 'error'])
    source.addEventListener(event, (got) => {
      if (got.data !== undefined) onEvent({ event, id: got.lastEventId, data: got.data });
      else if (source.readyState === source.CLOSED) onOver();
    });
  return () => source.close();
}

async function eventsourceClient({ url, headers, body, fetch, onEvent, onOver }) {
  const { createEventSource } = await import('eventsource-client');
  const source = createEventSource({
    url, fetch, headers, body, method: 'POST',
    onMessage: ({ event = 'message', id, data }) => onEvent({ event, id, data }),
    onDisconnect: () => setImmediate(() => source.readyState === 'closed' && onOver()),
  });
  return () => source.close();
}

// Its default onopen throws for a 204, after which it asks again each second; one that takes a 204 for the end
// is what docs/behind-a-proxy.md recommends.
async function fetchEventSource({ url, headers, body, fetch, onEvent, onOver }) {
  globalThis.document = document;
  globalThis.window = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  const client = await import('@microsoft/fetch-event-source');
  const leaving = new AbortController();
  client.fetchEventSource(url, {
    fetch, headers, body, method: 'POST', signal: leaving.signal,
    onopen: async (response) => {
      if (response.status === 204) leaving.abort();
    },
    onmessage: ({ event, id, data }) => onEvent({ event: event || 'message', id, data }),
  }).then(onOver, onOver);
  return () => leaving.abort();
}

// Speaks http by itself; with errorFilter a 204 is an error that ends it, as every other status is.
async function launchdarkly({ url, headers, body, onEvent, onOver }) {
  const { EventSource } = (await import('launchdarkly-eventsource')).default;
  const source = new EventSource(url, {
    headers, body, method: 'POST',
    errorFilter: (error) => error.status === undefined,
  });
  for (const event of ['message', 'done', 'error'])
    source.addEventListener(event, (got) => {
      if (got.data !== undefined) onEvent({ event, id: got.lastEventId, data: got.data });
    });
  source.on('closed', onOver);
  return () => source.close();
}

export const adapters = {
  'eventsource': eventsource,
  'eventsource-client': eventsourceClient,
  'fetch-event-source': fetchEventSource,
  'launchdarkly-eventsource': launchdarkly,
};
