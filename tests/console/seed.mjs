// What a system has been through, so that every view has something to show.

const QUESTIONS = ['What is the state of the system?', 'Which services may I start?', 'How much of the budget is left?']

/// Chats with both upstreams, a window that was closed and one that is open, a plan, events of another program.
export const seed = async (system) => {
  for (const [at, message] of QUESTIONS.entries()) await chat(system, message, `seed-${at}`)
  await system.order('__fault', { service: 'switch', fault: '500' })
  await chat(system, 'And without switch?', 'seed-0')
  await system.order('__heal')
  await good(system, '/chat/window/open', { services: ['hermes'], ttl_sec: 60, reason: 'trial' })
  await good(system, '/chat/window/close', {})
  await good(system, '/chat/window/open', { services: ['switch', 'hermes'], ttl_sec: 900, mode: 'ttl', reason: 'evening shift' })
  await good(system, '/service/hermes/restart', {})
  for (const [severity, type, summary] of [['info', 'hermes.ready', 'hermes has loaded 3 models'],
    ['warn', 'hermes.slow', 'hermes answers slowly'], ['error', 'spawner.failed', 'A task of spawner has failed']]) {
    await good(system, '/events/ingest', { source: type.split('.')[0], type, severity, summary, payload: { jobs: 3 } })
  }
}

const chat = (system, message, session) => good(system, '/chat', { message, session_id: session })

const good = async (system, path, body) => {
  const answer = await system.api('POST', path, body)
  if (answer.status !== 200) throw new Error(`${path} → ${answer.status} ${JSON.stringify(answer.body)}`)
}
