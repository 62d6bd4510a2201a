import Type, { type Static } from 'typebox'
import type { Administration } from '../../administration/index.ts'
import type { Clock } from '../../clock.ts'
import { type SeenDelivery, stateOf } from '../../oauth/logout/stores.ts'
import { acting, type Endpoint, none, reading } from './endpoint.ts'
import { missing } from './lists.ts'
import { deliveryId, deliveryList, nextShape } from './parameters.ts'
import { instant, iso, orNull, textOrNull } from './representation.ts'

const strict = { additionalProperties: false }
const state = Type.Enum(['delivered', 'waiting', 'given_up'])

const LogoutShape = Type.Object(
  {
    id: Type.String(),
    client_id: Type.String(),
    client_name: textOrNull(),
    sub: Type.String(),
    username: textOrNull(),
    sid: Type.String(),
    state,
    attempts: Type.Integer(),
    outcome: textOrNull(),
    logged_out_at: instant(),
    delivered_at: orNull(instant()),
    next_attempt_at: orNull(instant()),
  },
  strict,
)

const logoutJson = (delivery: SeenDelivery): Static<typeof LogoutShape> => ({
  id: delivery.id,
  client_id: delivery.clientId,
  client_name: delivery.clientName ?? null,
  sub: delivery.userId,
  username: delivery.username ?? null,
  sid: delivery.sessionId,
  state: stateOf(delivery),
  attempts: delivery.attempts,
  outcome: delivery.outcome ?? null,
  logged_out_at: delivery.createdAt.toISOString(),
  delivered_at: iso(delivery.deliveredAt),
  next_attempt_at: iso(delivery.nextAttemptAt),
})

/** Whether apps have heard of logouts by the back channel: the log, and one more attempt. */
export const logouts = (administration: Administration, clock: Clock): readonly Endpoint[] => [
  reading({
    path: '/logouts',
    summary: 'Which apps were told of which logouts by the back channel, the newest first',
    parameters: deliveryList,
    answers: Type.Object({ logouts: Type.Array(LogoutShape), next: nextShape }, strict),
    async handle({ parameters }) {
      const { items, next } = await administration.logouts(parameters)
      return { logouts: items.map(logoutJson), next: next ?? null }
    },
  }),
  acting({
    path: '/logouts/{id}/again',
    summary: 'Tells the app once more, whatever came of it before',
    parameters: Type.Object({ id: deliveryId('its id') }, strict),
    body: none,
    answers: Type.Object({ id: Type.String(), state }, strict),
    async handle({ parameters: { id } }) {
      if (!(await administration.tellAgain(id, clock.now()))) throw missing('delivery')
      return { id, state: 'waiting' as const }
    },
  }),
]
