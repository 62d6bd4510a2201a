import type { FastifyInstance } from 'fastify'
import type { Administration } from '../../administration/index.ts'
import { searchOf } from '../../administration/search.ts'
import { clientsPage } from '../../pages/admin/clients.tsx'
import { eventsPage } from '../../pages/admin/events.tsx'
import { type FamiliesPage, familiesPage } from '../../pages/admin/families.tsx'
import { peoplePage } from '../../pages/admin/people.tsx'
import { personPage } from '../../pages/admin/person.tsx'
import { sessionsPage } from '../../pages/admin/sessions.tsx'
import type { Presentation } from '../../pages/language.ts'
import { isUuid } from '../../uuid.ts'
import { queryParameters } from '../form-body.ts'
import type { Presenter } from '../interaction/presentation.ts'
import { PageError } from '../page-error.ts'
import type { Door, Visit } from './door.ts'
import { appsIn, clientShown, eventShown, familyShown, namedIn, personShown, sessionShown } from './views.ts'

export type ListsOptions = {
  readonly door: Door
  readonly presenter: Presenter
  readonly administration: Administration
  readonly base: string
}

const perPage = 25
const nothing = () => new PageError(404, 'not_found', 'not_found', 'there is no such thing')

/** Everything that administrators look at and that changes nothing. */
export const lists = async (app: FastifyInstance, options: ListsOptions): Promise<void> => {
  const { door, presenter, administration, base } = options

  const page = (
    path: string,
    draw: (visit: Visit, query: URLSearchParams, id: string) => Promise<(presentation: Presentation) => string>,
  ) =>
    app.get<{ Params: { id?: string } }>(path, async (request, reply) => {
      const visit = await door.enter(request, reply)
      if (!visit) return reply
      return presenter.send(request, reply, await draw(visit, queryParameters(request), request.params.id ?? ''))
    })

  /** @param kept what the next page asks for too */
  const pager = (path: string, query: URLSearchParams, kept: readonly string[], next: string | undefined) => {
    const same = kept.flatMap((name): [string, string][] => [...query].filter(([each]) => each === name))
    const address = (more: [string, string][]) => {
      const asked = new URLSearchParams([...same, ...more]).toString()
      return base + path + (asked === '' ? '' : `?${asked}`)
    }
    return {
      next: next === undefined ? undefined : address([['after', next]]),
      first: query.has('after') ? address([]) : undefined,
    }
  }
  const slice = (query: URLSearchParams) => ({ after: query.get('after') ?? undefined, limit: perPage })

  /** @throws PageError for an id of nobody */
  const personOf = async (id: string) => {
    const person = isUuid(id) ? await administration.user(id) : undefined
    if (!person) throw nothing()
    return person
  }
  const personIn = async (query: URLSearchParams) => {
    const id = query.get('user')
    return id === null ? undefined : personOf(id)
  }
  const clientIn = async (query: URLSearchParams) => {
    const id = query.get('client')
    if (id === null) return undefined
    const client = await administration.client(id)
    if (!client) throw nothing()
    return client
  }

  page('/admin/people', async ({ frame }, query) => {
    const search = searchOf(query.get('q') ?? undefined)
    const found = search === undefined ? undefined : await administration.users(search, slice(query))
    const pages = pager('/admin/people', query, ['q'], found?.next)
    const data = { frame, search: query.get('q') ?? '', found: found?.items.map(personShown), ...pages }
    return (presentation) => peoplePage(data, presentation)
  })

  page('/admin/people/:id', async ({ frame, session, now }, _query, id) => {
    const person = await personOf(id)
    const of = { userId: id }
    const [sessions, families, consented] = await Promise.all([
      administration.sessions(of, { limit: 50 }, now),
      administration.families(of, { limit: 50 }, now),
      administration.consented(id),
    ])
    const logins = families.items.map(familyShown)
    const data = {
      frame,
      person: personShown(person),
      sessions: sessions.items.map(sessionShown(session.id)),
      moreSessions: sessions.next !== undefined,
      families: logins,
      moreFamilies: families.next !== undefined,
      // Connected is what is logged in, and what the person allowed: it may log them in again without asking.
      apps: [
        ...new Map([
          ...logins.map(({ clientId, app }) => [clientId, app] as const),
          ...consented.map((app) => [app.id, app.name] as const),
        ]),
      ].map(([clientId, name]) => ({ clientId, name })),
    }
    return (presentation) => personPage(data, presentation)
  })

  page('/admin/sessions', async ({ frame, session, now }, query) => {
    const person = await personIn(query)
    const { items, next } = await administration.sessions({ userId: person?.id }, slice(query), now)
    const pages = pager('/admin/sessions', query, ['user'], next)
    const data = { frame, sessions: items.map(sessionShown(session.id)), of: person?.username, ...pages }
    return (presentation) => sessionsPage(data, presentation)
  })

  page('/admin/families', async ({ frame, now }, query) => {
    const [person, client] = [await personIn(query), await clientIn(query)]
    const { items, next } = await administration.families(
      { userId: person?.id, clientId: client?.id },
      slice(query),
      now,
    )
    const of: FamiliesPage['of'] = client
      ? { is: 'app', name: client.name, clientId: client.id }
      : person && { is: 'person', name: person.username }
    const data = {
      frame,
      families: items.map(familyShown),
      of,
      ...pager('/admin/families', query, ['user', 'client'], next),
    }
    return (presentation) => familiesPage(data, presentation)
  })

  page('/admin/clients', async ({ frame }, query) => {
    const search = searchOf(query.get('q') ?? undefined)
    const found = search === undefined ? undefined : await administration.clients(search, slice(query))
    const pages = pager('/admin/clients', query, ['q'], found?.next)
    const data = { frame, search: query.get('q') ?? '', found: found?.items.map(clientShown), ...pages }
    return (presentation) => clientsPage(data, presentation)
  })

  page('/admin/events', async ({ frame }, query) => {
    const person = await personIn(query)
    const { items, next } = await administration.events({ userId: person?.id }, slice(query))
    const names = await administration.usernames([...new Set(items.flatMap(namedIn))].filter(isUuid))
    const apps = new Map<string, string>()
    for (const id of new Set(items.flatMap(appsIn))) {
      const client = await administration.client(id)
      if (client) apps.set(id, client.name)
    }
    const pages = pager('/admin/events', query, ['user'], next)
    const data = { frame, events: items.map(eventShown(names, apps)), of: person?.username, ...pages }
    return (presentation) => eventsPage(data, presentation)
  })
}
