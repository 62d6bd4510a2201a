import Type from 'typebox'
import type { Administration } from '../../administration/index.ts'
import { searchOf } from '../../administration/search.ts'
import type { Clock } from '../../clock.ts'
import { invalidRequest, OAuthError } from '../../oauth/errors.ts'
import { type Endpoint, reading } from './endpoint.ts'
import { eventList, loginList, nextShape, searchList, uuid } from './parameters.ts'
import {
  ClientShape,
  clientJson,
  EventShape,
  eventJson,
  FamilyShape,
  familyJson,
  PairShape,
  pairJson,
  SessionShape,
  sessionJson,
  UserShape,
  userJson,
} from './representation.ts'

const strict = { additionalProperties: false }

export const lists = (administration: Administration, clock: Clock): readonly Endpoint[] => [
  reading({
    path: '/sessions',
    summary: 'The sessions that are alive, the last that began first',
    parameters: loginList,
    answers: Type.Object({ sessions: Type.Array(SessionShape), next: nextShape }, strict),
    async handle({ parameters }) {
      const { items, next } = await administration.sessions(filterOf(parameters), parameters, clock.now())
      return { sessions: items.map(sessionJson), next: next ?? null }
    },
  }),
  reading({
    path: '/families',
    summary: 'The token families that are alive, the last that began first',
    parameters: loginList,
    answers: Type.Object({ families: Type.Array(FamilyShape), next: nextShape }, strict),
    async handle({ parameters }) {
      const { items, next } = await administration.families(filterOf(parameters), parameters, clock.now())
      return { families: items.map(familyJson), next: next ?? null }
    },
  }),
  reading({
    path: '/families/{id}',
    summary: 'One family, alive or ended, with its ledger and its newest events',
    parameters: Type.Object({ id: uuid('its id, the `jti` of its access tokens up to the dot') }, strict),
    answers: Type.Object({ family: FamilyShape, pairs: Type.Array(PairShape), events: Type.Array(EventShape) }, strict),
    async handle({ parameters }) {
      const found = await administration.family(parameters.id)
      if (!found) throw missing('family')
      const { history, events } = found
      const { family } = history
      const username = (await administration.usernames([family.userId])).get(family.userId)
      const clientName = (await administration.client(family.clientId))?.name
      return {
        family: familyJson({ ...family, ...(username !== undefined && { username }), clientName }),
        pairs: history.pairs.map(pairJson),
        events: events.map(eventJson),
      }
    },
  }),
  reading({
    path: '/users',
    summary: 'People, by a part of their username, name or e-mail address',
    parameters: searchList,
    answers: Type.Object({ users: Type.Array(UserShape), next: nextShape }, strict),
    async handle({ parameters }) {
      const { items, next } = await administration.users(searched(parameters.name), slice(parameters))
      return { users: items.map(userJson), next: next ?? null }
    },
  }),
  reading({
    path: '/clients',
    summary: 'Clients, by a part of their name or id',
    parameters: searchList,
    answers: Type.Object({ clients: Type.Array(ClientShape), next: nextShape }, strict),
    async handle({ parameters }) {
      const { items, next } = await administration.clients(searched(parameters.name), slice(parameters))
      return { clients: items.map(clientJson), next: next ?? null }
    },
  }),
  reading({
    path: '/events',
    summary: 'What happened, the newest first',
    parameters: eventList,
    answers: Type.Object({ events: Type.Array(EventShape), next: nextShape }, strict),
    async handle({ parameters }) {
      const { items, next } = await administration.events({ userId: parameters.user }, parameters)
      return { events: items.map(eventJson), next: next ?? null }
    },
  }),
]

export const missing = (what: string): OAuthError =>
  new OAuthError('not_found', `There is no such ${what}: it never was, or it was forgotten.`)

type Filter = { readonly user?: string; readonly client?: string; readonly session?: string }
const filterOf = ({ user, client, session }: Filter) => ({ userId: user, clientId: client, sessionId: session })

const searched = (name: string | undefined): string => {
  const search = searchOf(name)
  if (search === undefined) throw invalidRequest('The parameter name holds what no name can hold.')
  return search
}

const slice = ({ after, limit }: { readonly after?: string; readonly limit: number }) => {
  if (after !== undefined && searchOf(after.slice(0, 200)) === undefined)
    throw invalidRequest('The parameter after is not `next` of a page.')
  return { after, limit }
}
