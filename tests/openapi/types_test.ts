// What a console writes with the types of the description. A line after `@ts-expect-error` must not compile.
import type { components, operations, paths } from './gateway.js'

type Schemas = components['schemas']
type Body<Operation extends { responses: Record<number, unknown> }, Status extends keyof Operation['responses']> =
  Operation['responses'][Status] extends { content: { 'application/json': infer Json } } ? Json : never

const question: Schemas['ChatQuestion'] = { message: 'hello' }
// @ts-expect-error: the message is required
const silent: Schemas['ChatQuestion'] = { session_id: 's' }

export const sourceOf = (answer: Body<operations['askChat'], 200>): string => answer.metadata.source
export const isOpen = (state: Body<paths['/operator/power/state']['get'], 200>): boolean => state.policy !== 'solo_madre'
// @ts-expect-error: there is no such policy
export const isNight = (state: Schemas['PowerState']): boolean => state.policy === 'night'

/// Events differ by their names.
export const textOf = (event: Schemas['ChatEvents'][number]): string => {
  switch (event.event) {
    case 'message': return event.data.delta ?? ''
    case 'done': return `from ${event.data.metadata.source}`
    case 'error': return event.data.reason
  }
}

export const words = (error: Schemas['Error'] | Schemas['ApiError']): string =>
  typeof error.error === 'string' ? error.error : error.error.message

export const components_ = (status: Schemas['Status']): Schemas['Component'][] => Object.values(status.components)
export { question, silent }
