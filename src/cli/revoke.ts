import type { Command } from 'commander'
import { type Ended, operator, type Target } from '../identity/ending.ts'
import { type Answer, createGroup, type Outcome } from './answer.ts'
import { type Confirmation, declareConfirmation, rehearsed } from './confirmation.ts'
import { type Context, type Opened, withStores } from './context.ts'
import { findPerson, isUuid } from './person.ts'
import { notFound, wrongUsage } from './refusal.ts'
import { printable } from './table.ts'

/**
 * @property name for people to read, escaped
 * @property consented there is a consent that goes with it, also where nobody is logged in
 */
export type Named = { readonly target: Target; readonly name: string; readonly consented?: boolean }

const many = (count: number, one: string, several: string): string => `${count} ${count === 1 ? one : several}`
export const endedText = ({ sessions, families, codes }: Ended): string =>
  `${many(sessions, 'session', 'sessions')}, ${many(families, 'token family', 'token families')} and ${many(codes, 'pending code', 'pending codes')}`

/** In the words of the API. */
const targetJson = (target: Target): object => {
  if (target.of === 'all') return { kind: target.of }
  if (target.of === 'app') return { kind: target.of, user: target.userId, client: target.clientId }
  return { kind: target.of, id: target.id }
}

/** These have tokens that are written down nowhere, so that there is something to refuse where nothing is counted. */
const reachesUnseen = ({ of }: Target): boolean => of === 'user' || of === 'client' || of === 'all'

/** Says what would end; does it when that is confirmed. */
export const revoked = async (
  context: Context,
  stores: Opened['stores'],
  { target, name, consented = false }: Named,
  options: Confirmation,
): Promise<Answer> => {
  const now = context.clock.now()
  const ends = await stores.endings.preview(target, now)
  const nothing = ends.sessions + ends.families + ends.codes === 0
  if (nothing && !consented && !reachesUnseen(target))
    throw notFound(`There is nothing to end of ${name}: it has ended already.`)
  const withConsent = consented ? ', with the consent' : ''
  const what = `${endedText(ends)} of ${name}${withConsent}`
  const json = { target: targetJson(target), preview: true, ...ends }
  const instead = await rehearsed(context, 'end', what, options)
  if (instead !== undefined) return { json, text: instead }
  // Now, and not when it was asked: what was issued meanwhile ends too.
  const ended = await stores.endings.end(target, 'revoked_by_admin', operator, context.clock.now())
  if (!ended) throw notFound(`There is nothing to end of ${name} any more.`)
  return { json: { ...json, preview: false, ...ended }, text: `Ended ${endedText(ended)} of ${name}${withConsent}.` }
}

type Find = (stores: Opened['stores'], argument: string) => Promise<Named>

const uuidOf = (text: string, what: string): string => {
  if (!isUuid(text)) throw wrongUsage(`That is not the id of a ${what}.`)
  return text.toLowerCase()
}

const session: Find = async ({ administration }, text) => {
  const target = { of: 'session', id: uuidOf(text, 'session') } as const
  if (!(await administration.exists(target)))
    throw notFound('There is no such session. `tessera session list` names those that are alive.')
  return { target, name: `session ${target.id}` }
}

const family: Find = async ({ administration }, text) => {
  // A `jti` of a person's token names its family before the dot.
  const target = { of: 'family', id: uuidOf(text.split('.', 1)[0] ?? '', 'family') } as const
  if (!(await administration.exists(target)))
    throw notFound('There is no such family. `tessera family list` names those that are alive.')
  return { target, name: `family ${target.id}` }
}

export const ofPerson: Find = async (stores, name) => {
  const person = await findPerson(stores, name)
  return { target: { of: 'user', id: person.id }, name: printable(person.username) }
}

const client: Find = async ({ clients }, id) => {
  const found = await clients.find(id)
  if (!found) throw notFound(`There is no client ${printable(id)}. \`tessera client list\` names them all.`)
  return { target: { of: 'client', id }, name: `${printable(found.client_name)} (${printable(id)})` }
}

const app = async (stores: Opened['stores'], user: string, clientId: string): Promise<Named> => {
  const person = await findPerson(stores, user)
  const target = { of: 'app', userId: person.id, clientId } as const
  if (!(await stores.administration.exists(target)))
    throw notFound(`${printable(person.username)} is not connected with a client ${printable(clientId)}.`)
  const consented = (await stores.consents.list(person.id)).some((consent) => consent.clientId === clientId)
  return { target, name: `${printable(person.username)} in ${printable(clientId)}`, consented }
}

const everybody: Find = async () => ({ target: { of: 'all' }, name: 'everybody' })

export const revoke = (command: Command, context: Context, outcome: Outcome): void => {
  const group = createGroup(command, context, outcome)
  const ends = (usage: string, description: string, find: Find) =>
    group.command<Confirmation>(
      usage,
      description,
      (options, argument) =>
        withStores(context, async (stores) => revoked(context, stores, await find(stores, argument), options)),
      declareConfirmation,
    )
  ends('session <id>', 'a session, with everything on that device, offline_access too', session)
  ends('user <username>', 'everything of a person', ofPerson)
  ends('client <id>', 'everything a client was given, by everybody', client)
  ends('family <id>', 'one login in one app, by its id or by a `jti`', family)
  ends('all', 'everything of everybody', everybody)
  group.command<Confirmation & { readonly user?: string }>(
    'app <client>',
    'what one person gave to one client, with the consent',
    (options, clientId) => {
      const { user } = options
      if (user === undefined) throw wrongUsage('--user is needed: whose app it is.')
      return withStores(context, async (stores) => revoked(context, stores, await app(stores, user, clientId), options))
    },
    (leaf) => declareConfirmation(leaf).option('--user <username>', 'whose app it is'),
  )
}
