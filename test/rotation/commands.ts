import type { AsyncCommand } from 'fast-check'
import { hold } from './invariants.ts'
import { type Act, type Ask, expiryOf, type Family } from './oracle.ts'
import { perform, type Sent } from './perform.ts'
import { sweep } from './probe.ts'
import { issue, type Story, seconds } from './story.ts'

export type Command = AsyncCommand<Story, Story>

/** Which family, holder, server: any number, taken modulo how many there are. */
export type Pick = number
const at = <T>(all: readonly T[], pick: Pick): T => {
  const one = all[pick % all.length]
  if (one === undefined) throw new Error('there is none')
  return one
}

/** Two in three look among those that live: the dead have little to tell. */
const familyFor = ({ state }: Story, pick: Pick): Family => {
  const living = state.families.filter(({ ended }) => !ended)
  return pick % 12 < 8 && living.length > 0 ? at(living, pick) : at(state.families, pick)
}

const command = (name: string, check: (story: Story) => boolean, run: (story: Story) => Promise<unknown>): Command => ({
  check: (story) => check(story),
  run: async (story) => {
    await run(story)
  },
  toString: () => name,
})
const some = ({ state }: Story): boolean => state.families.length > 0
const isOpen = ({ state }: Story): boolean => !state.personDisabled && !state.clientDisabled
const shown = (ask: Ask) => JSON.stringify(ask)

export const logIn = (asked: Ask & { readonly both?: boolean }, server: Pick) =>
  command(
    `logIn(${shown(asked)}, at ${server})`,
    (story) => isOpen(story) && story.state.families.length < 6,
    (story) => issue(story, asked, server),
  )

const refreshOf = (family: Family, generation: number, ask: Ask = {}, by: 'owner' | 'stranger' = 'owner'): Act => ({
  is: 'refresh',
  family: family.id,
  generation,
  ask,
  by,
})
/** The newest that reached anybody, and those before it. */
const knownOf = (story: Story, family: Family): readonly number[] =>
  [...(story.tokens.get(family.id)?.keys() ?? [])].sort((a, b) => b - a)

/** A holder presents what it holds. @param lost the answer never reaches it, and it will come again with the same */
export const refresh = (pick: Pick, holder: Pick, ask: Ask, server: Pick, lost: boolean) =>
  command(
    `refresh(${pick}, holder ${holder}, ${shown(ask)}, at ${server}${lost ? ', lost' : ''})`,
    some,
    async (story) => {
      const family = familyFor(story, pick)
      const holders = story.holders.get(family.id) ?? []
      const index = holder % holders.length
      const sent = { act: refreshOf(family, at(holders, index), ask), at: await story.world.at(server) }
      const [answer] = await perform(story, [sent])
      if (answer?.status === 200 && !lost)
        holders[index] = story.state.families.find(({ id }) => id === family.id)?.live ?? 1
    },
  )

/** @param age 0 is the newest */
export const present = (pick: Pick, age: number, ask: Ask, server: Pick) =>
  command(`present(${pick}, age ${age}, ${shown(ask)}, at ${server})`, some, async (story) => {
    const family = familyFor(story, pick)
    const known = knownOf(story, family)
    const generation = known[Math.min(age, known.length - 1)] ?? 1
    await perform(story, [{ act: refreshOf(family, generation, ask), at: await story.world.at(server) }])
  })

export const steal = (pick: Pick) =>
  command(`steal(${pick})`, some, async (story) => {
    const holders = story.holders.get(familyFor(story, pick).id)
    holders?.push(holders[0] ?? 1)
  })

export const wrongPresenter = (pick: Pick, age: number, server: Pick, what: 'refresh' | 'revoke') =>
  command(`wrongPresenter(${pick}, age ${age}, at ${server}, ${what})`, some, async (story) => {
    const family = familyFor(story, pick)
    const generation = at(knownOf(story, family), age)
    const act: Act =
      what === 'refresh'
        ? refreshOf(family, generation, {}, 'stranger')
        : { is: 'revoke', family: family.id, by: 'stranger' }
    await perform(story, [{ act, at: await story.world.at(server) }])
  })

/** The same token so many times at once, through both servers. */
export const burst = (pick: Pick, age: number, count: number) =>
  command(`burst(${pick}, age ${age}, ${count} times)`, some, async (story) => {
    const family = familyFor(story, pick)
    const act = refreshOf(family, at(knownOf(story, family), age))
    const servers = [await story.world.at(0), await story.world.at(1)]
    await perform(
      story,
      Array.from({ length: count }, (_, index) => ({ act, at: at(servers, index) })),
    )
  })

export type Clash = { readonly age: number; readonly ask: Ask } | 'revoke' | 'end_session' | 'disable_person'

/** Different things at once. */
export const clash = (pick: Pick, clashes: readonly Clash[]) =>
  command(`clash(${pick}, ${JSON.stringify(clashes)})`, some, async (story) => {
    const family = familyFor(story, pick)
    const session = story.state.sessions.find(({ id }) => id === family.session)
    const known = knownOf(story, family)
    const actOf = (one: Clash): Act | undefined => {
      if (typeof one !== 'string') return refreshOf(family, known[Math.min(one.age, known.length - 1)] ?? 1, one.ask)
      if (one === 'revoke') return { is: 'revoke', family: family.id, by: 'owner' }
      if (one === 'disable_person') return story.state.personDisabled ? undefined : { is: one }
      return session && canLogOut(story, session.id) ? { is: one, session: session.id } : undefined
    }
    const acts = clashes.map(actOf).filter((act): act is Act => act !== undefined)
    const sent: Sent[] = []
    for (const [index, act] of acts.entries()) sent.push({ act, at: await story.world.at(index) })
    await perform(story, sent)
  })

export const revoke = (pick: Pick, server: Pick) =>
  command(`revoke(${pick}, at ${server})`, some, async (story) => {
    const family = familyFor(story, pick)
    await perform(story, [{ act: { is: 'revoke', family: family.id, by: 'owner' }, at: await story.world.at(server) }])
  })

/** RFC 7009 §2.1: an access token ends alone. */
export const revokeAccess = (pick: Pick, server: Pick) =>
  command(
    `revokeAccess(${pick}, at ${server})`,
    (story) => some(story) && isOpen(story),
    async (story) => {
      const family = familyFor(story, pick)
      const access = story.accesses.findLast((one) => one.family === family.id)
      if (!access) return
      const { status } = await (await story.world.at(server)).post('/oauth2/revoke', { token: access.token }, story.app)
      hold('verdict', status === 200, () => `an access token was not revoked: ${status}`)
      story.revokedAlone.add(access.jti)
      await perform(story, [])
    },
  )

/** Of the browser's session, which is the newest. */
const canLogOut = (story: Story, id: string): boolean => {
  const session = story.state.sessions.at(-1)
  return session !== undefined && session.id === id && !session.ended && session.expires > seconds(story)
}
export const logOut = () =>
  command(
    'logOut()',
    (story) => canLogOut(story, story.state.sessions.at(-1)?.id ?? ''),
    async (story) => {
      const session = at(story.state.sessions, story.state.sessions.length - 1).id
      await perform(story, [{ act: { is: 'end_session', session }, at: story.world.control }])
    },
  )

/** The servers that did not do it hear of it a moment later. */
const heard = async ({ world, app }: Story, disabled: boolean): Promise<void> => {
  for (const server of [await world.at(0), await world.at(1)])
    while (((await server.stores.clients.find(app.client_id))?.disabledAt !== undefined) !== disabled)
      await new Promise(setImmediate)
}
export const disable = (what: 'person' | 'client') =>
  command(`disable(${what})`, isOpen, async (story) => {
    await perform(story, [{ act: { is: `disable_${what}` }, at: story.world.control }])
    if (what === 'client') await heard(story, true)
  })

/** What was disabled comes back, and nothing of what it had. */
export const enable = () =>
  command(
    'enable()',
    (story) => !isOpen(story),
    async (story) => {
      const { world, person, app, state } = story
      const { stores } = world.control
      if (state.personDisabled) await stores.users.enable(person.id)
      if (state.clientDisabled) await stores.clients.enable(app.client_id, world.clock.now())
      story.state = { ...state, personDisabled: false, clientDisabled: false }
      // A server hears of it a moment later; and what is issued in the seconds after a revocation is dated after it.
      for (const server of [await world.at(0), await world.at(1)])
        while ((await server.stores.clients.find(app.client_id))?.disabledAt) await new Promise(setImmediate)
      world.clock.advance({ seconds: 20 })
      await perform(story, [])
    },
  )

export type Edge = 'window' | 'idle' | 'absolute' | 'access' | 'expiry'
const edgeOf = (story: Story, family: Family, edge: Edge): number => {
  const edges = {
    idle: family.idle,
    absolute: family.absolute,
    access: family.pair.exp,
    expiry: expiryOf(family, story.state),
  }
  return edge === 'window' ? family.pair.iat + story.policy.window : edges[edge]
}
export const pass = (seconds: number) =>
  command(
    `pass(${seconds} s)`,
    () => true,
    async (story) => {
      story.world.clock.advance({ seconds })
      await perform(story, [])
    },
  )
/** To one of the instants that matter to a family, or a second beside it. */
export const passTo = (pick: Pick, edge: Edge, beside: number) =>
  command(`passTo(${pick}, ${edge} ${beside})`, some, async (story) => {
    const left = edgeOf(story, familyFor(story, pick), edge) + beside - seconds(story)
    if (left > 0) story.world.clock.advance({ seconds: left })
    await perform(story, [])
  })

export const kill = (server: Pick) =>
  command(
    `kill(${server})`,
    () => true,
    async (story) => {
      await story.world.kill(server)
      await perform(story, [])
    },
  )
export const restart = () =>
  command(
    'restart()',
    () => true,
    async (story) => {
      for (const server of await story.world.restart()) await sweep(story, server)
    },
  )

/** The server dies in the midst of it; whoever asked tries again at the other one with the same token. */
export const killDuring = (pick: Pick, age: number, statement: number, when: 'before' | 'after', server: Pick) =>
  command(`killDuring(${pick}, age ${age}, ${when} statement ${statement}, at ${server})`, some, async (story) => {
    const family = familyFor(story, pick)
    const known = knownOf(story, family)
    const act = refreshOf(family, known[Math.min(age, known.length - 1)] ?? 1)
    const node = await story.world.node(server)
    node.dieAt({ at: statement, when })
    await perform(story, [{ act, at: node.server }], () => node.kill())
    await perform(story, [{ act, at: await story.world.at(server + 1) }])
  })
