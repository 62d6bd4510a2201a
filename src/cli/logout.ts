import type { Command } from 'commander'
import { type SeenDelivery, stateOf } from '../oauth/logout/stores.ts'
import { createGroup, type Outcome } from './answer.ts'
import { type Context, withStores } from './context.ts'
import { notFound, wrongUsage } from './refusal.ts'
import { table } from './table.ts'

type ListOptions = { readonly limit?: string }

const deliveryJson = (delivery: SeenDelivery) => ({
  id: delivery.id,
  client_id: delivery.clientId,
  sub: delivery.userId,
  sid: delivery.sessionId,
  state: stateOf(delivery),
  attempts: delivery.attempts,
  outcome: delivery.outcome ?? null,
  logged_out_at: delivery.createdAt,
  delivered_at: delivery.deliveredAt ?? null,
  next_attempt_at: delivery.nextAttemptAt ?? null,
})

const states = { delivered: 'told', waiting: 'waiting', given_up: 'given up' } as const

const list = (context: Context) => (options: ListOptions) =>
  withStores(context, async ({ logouts }) => {
    const limit = Number(options.limit ?? '100')
    if (!Number.isInteger(limit) || limit < 1 || limit > 10_000) throw wrongUsage('--limit is between 1 and 10000.')
    const deliveries = await logouts.list({ limit })
    return {
      json: { deliveries: deliveries.map(deliveryJson) },
      text: table(
        ['ID', 'APP', 'USERNAME', 'SID', 'LOGGED OUT', 'STATE', 'ATTEMPTS', 'OUTCOME', 'NEXT'],
        deliveries.map((delivery) => [
          delivery.id,
          delivery.clientName ?? delivery.clientId,
          delivery.username ?? delivery.userId,
          delivery.sessionId,
          delivery.createdAt,
          states[stateOf(delivery)],
          delivery.attempts,
          delivery.outcome,
          delivery.nextAttemptAt,
        ]),
        'No app had to be told of a logout in the last thirty days.',
      ),
    }
  })

const again = (context: Context) => (_options: object, id: string) =>
  withStores(context, async ({ logouts }) => {
    if (!(await logouts.again(id, context.clock.now())))
      throw notFound('There is no delivery of that id. `tessera logout list` names them.')
    return { json: { id, state: 'waiting' }, text: `A running server tells the app again now.` }
  })

/** Whether apps have heard of logouts by the back channel. */
export const logout = (command: Command, context: Context, outcome: Outcome): void => {
  const group = createGroup(command, context, outcome)
  group.command('list', 'which apps were told of which logouts, the newest first', list(context), (leaf) =>
    leaf.option('--limit <count>', 'how many; 100 unless told'),
  )
  group.command('again <id>', 'tell the app once more', again(context))
}
