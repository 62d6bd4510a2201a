import type { TestServer } from '../support/server.ts'
import { agree, learn, type Observed } from './answer.ts'
import { Broken } from './invariants.ts'
import { type Act, familyIn, judge, type Said, type State } from './oracle.ts'
import { probe } from './probe.ts'
import { asRead, type Row, rowsOf, standsAs } from './standing.ts'
import { type Story, seconds } from './story.ts'

/** An act, and the server it is sent to. */
export type Sent = { readonly act: Act; readonly at: TestServer }

/** What a client sends for it; nothing is answered where the server died. */
const prepare = async (story: Story, { act, at }: Sent): Promise<() => Promise<Observed>> => {
  const { world, app, stranger, person } = story
  // Whoever comes second ends nothing more, and that is no failure.
  const ending = (end: () => Promise<unknown>) => async () => {
    await end()
    return { status: 200, headers: new Headers(), body: {} }
  }
  switch (act.is) {
    case 'refresh': {
      const token = story.tokens.get(act.family)?.get(act.generation)
      if (token === undefined) throw new Error(`nobody has generation ${act.generation} of ${act.family}`)
      const { scope, resource } = act.ask
      const more = { ...(scope && { scope: scope.join(' ') }), ...(resource !== undefined && { resource }) }
      return () => at.refresh(act.by === 'owner' ? app : stranger, token, more)
    }
    case 'revoke': {
      const [token = ''] = story.tokens.get(act.family)?.values() ?? []
      return () => at.post('/oauth2/revoke', { token }, act.by === 'owner' ? app : stranger)
    }
    case 'end_session':
      await story.visitor.visit('/oauth2/logout')
      return async () => {
        const { status, headers } = await story.visitor.submit('logout-form', {}, 'logout-confirm')
        return { status, headers, body: {} }
      }
    case 'disable_person':
      return ending(() => world.control.stores.users.disable(person.id, world.clock.now()))
    case 'disable_client':
      return ending(() => world.control.stores.clients.disable(app.client_id, world.clock.now()))
  }
}

const ordersOf = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  all.length < 2
    ? [all]
    : all.flatMap((first, index) => ordersOf(all.filter((_, other) => other !== index)).map((rest) => [first, ...rest]))

type Seen = Sent & { readonly observed: Observed }
type Explained = { readonly state: State; readonly said: readonly (readonly [Seen, Said])[] }

const after = (explained: number, check: () => void): void => {
  try {
    check()
  } catch (error) {
    if (error instanceof Broken) error.explained = explained
    throw error
  }
}

/** What the oracle says of acts in this order. @throws Broken where that is not what was answered */
const explain = (story: Story, order: readonly Seen[], rows: readonly Row[], now: number): Explained => {
  let state = story.state
  const said: [Seen, Said][] = []
  for (const seen of order) {
    const [next, due] = judge(state, seen.act, story.policy, now)
    const family = 'family' in seen.act ? familyIn(state, seen.act.family) : undefined
    const { act, observed } = seen
    if (observed) after(said.length, () => agree(story, { act, said: due, observed, family, now }))
    state = next
    said.push([seen, due])
  }
  if (order.length > 1) state = asRead(state, rows)
  const touched = order.flatMap(({ act }) =>
    'family' in act ? [act.family] : story.state.families.map(({ id }) => id),
  )
  const onlyStrangers = order.every(({ act }) => 'by' in act && act.by === 'stranger')
  const isRetry = said.length > 0 && said.every(([, due]) => due.is === 'granted' && due.verdict === 'retried')
  const how = onlyStrangers ? 'presenter' : isRetry ? 'retryExtends' : 'verdict'
  after(said.length, () => standsAs(story, rows, state, touched, how))
  return { state, said }
}

/**
 * Sends acts at once. Whatever came of them must be what the oracle says of them in some order, one after the other; an
 * act whose server died may have happened or not. Afterwards everything must hold.
 * @param answered is called once they were, before anything is looked at
 * @throws Broken
 */
export const perform = async (
  story: Story,
  sent: readonly Sent[],
  answered: () => Promise<void> = async () => {},
): Promise<readonly Observed[]> => {
  const now = seconds(story)
  const ready = await Promise.all(sent.map((one) => prepare(story, one)))
  const observed = await Promise.all(ready.map((send) => send().catch((): Observed => undefined)))
  await answered()
  const away = observed.map((answer) => (answer?.status === 503 ? undefined : answer))
  const seen = sent.map((one, index): Seen => ({ ...one, observed: away[index] }))
  const rows = await rowsOf(story)
  const alike = new Set(sent.map(({ act }) => JSON.stringify(act))).size === 1
  const orders = alike ? [seen] : ordersOf(seen)
  const candidates = orders.flatMap((order) => [
    order,
    ...(order.some(isLost) ? [order.filter((one) => !isLost(one))] : []),
  ])
  settle(story, firstThatExplains(story, candidates, rows, now))
  await probe(story, sent)
  return away
}

const firstThatExplains = (
  story: Story,
  orders: readonly (readonly Seen[])[],
  rows: readonly Row[],
  now: number,
): Explained => {
  let furthest: Broken | undefined
  for (const order of orders) {
    try {
      return explain(story, order, rows, now)
    } catch (error) {
      if (!(error instanceof Broken)) throw error
      if (!furthest || error.explained > furthest.explained) furthest = error
    }
  }
  throw furthest
}

const isLost = ({ observed }: Seen): boolean => observed === undefined

const settle = (story: Story, { state, said }: Explained): void => {
  const { tally } = story.world
  for (const [{ act, observed }, due] of said) {
    const verdict = due.is === 'done' ? act.is : due.verdict
    tally.set(verdict, (tally.get(verdict) ?? 0) + 1)
    if (act.is !== 'refresh' || due.is !== 'granted' || !observed) continue
    const presented = story.tokens.get(act.family)?.get(act.generation)
    learn(story, familyIn(state, act.family), due.generation, observed.body, presented)
  }
  story.state = state
}
