import type { Target } from '../../src/identity/ending.ts'
import type { App, Person, TestServer } from './server.ts'

/** A person on two devices, in two apps; on the first device with a code that waits. Beside them somebody else. */
export type Estate = {
  readonly person: Person
  readonly other: Person
  readonly app: App
  readonly second: App
  /** Refresh tokens by where they are. */
  readonly tokens: Readonly<Record<Where, string>>
  readonly sessionId: string
  readonly familyId: string
}
export const places = ['phone, app', 'phone, second', 'laptop, app', 'bystander, app'] as const
export type Where = (typeof places)[number]

export const kinds = ['family', 'session', 'app', 'user', 'client', 'all'] as const
export type Kind = (typeof kinds)[number]

/** What is over afterwards; the codes that waited besides. */
export const endsOf: Readonly<
  Record<Kind, { readonly of: readonly Where[]; readonly sessions: number; readonly codes: number }>
> = {
  family: { of: ['phone, app'], sessions: 0, codes: 0 },
  session: { of: ['phone, app', 'phone, second'], sessions: 1, codes: 1 },
  app: { of: ['phone, app', 'laptop, app'], sessions: 0, codes: 1 },
  user: { of: ['phone, app', 'phone, second', 'laptop, app'], sessions: 2, codes: 1 },
  client: { of: ['phone, app', 'laptop, app', 'bystander, app'], sessions: 0, codes: 1 },
  all: { of: places, sessions: 3, codes: 1 },
}

export const targetOf = (kind: Kind, estate: Estate): Target => {
  const { person, app, sessionId, familyId } = estate
  switch (kind) {
    case 'family':
      return { of: kind, id: familyId }
    case 'session':
      return { of: kind, id: sessionId }
    case 'user':
      return { of: kind, id: person.id }
    case 'client':
      return { of: kind, id: app.client_id }
    case 'app':
      return { of: kind, userId: person.id, clientId: app.client_id }
    case 'all':
      return { of: kind }
  }
}

let estates = 0

export const anEstate = async (server: TestServer): Promise<Estate> => {
  estates++
  const [person, other] = [await server.aPerson(`owner-${estates}`), await server.aPerson(`bystander-${estates}`)]
  const app = await server.anApp({
    client_name: `App ${estates}`,
    first_party: true,
    resources: ['https://api.example'],
  })
  const second = await server.anApp({
    client_name: `Second ${estates}`,
    first_party: true,
    resources: ['https://api.example'],
  })
  const [phone, laptop] = [server.visitor(), server.visitor()]
  const tokens = {
    'phone, app': (await server.logIn(person, app, {}, phone)).refresh_token,
    'phone, second': (await server.logIn(person, second, {}, phone)).refresh_token,
    'laptop, app': (await server.logIn(person, app, {}, laptop)).refresh_token,
    'bystander, app': (await server.logIn(other, app)).refresh_token,
  }
  await server.authorize(person, app, {}, phone)
  const { administration } = server.stores
  const slice = { after: undefined, limit: 10 }
  const of = { userId: person.id }
  const sessions = await administration.sessions(of, slice, server.clock.now())
  const families = await administration.families({ ...of, clientId: app.client_id }, slice, server.clock.now())
  // The phone is the device of the app and of the second one.
  const onPhone = (await administration.families({ clientId: second.client_id }, slice, server.clock.now()))[0]
  const sessionId = sessions.find(({ id }) => id === onPhone?.sessionId)?.id ?? ''
  const familyId = families.find((family) => family.sessionId === sessionId)?.id ?? ''
  return { person, other, app, second, tokens, sessionId, familyId }
}

/** Where a refresh token is still honoured, asked of each server. */
export const alive = async (servers: readonly TestServer[], estate: Estate): Promise<readonly (readonly Where[])[]> =>
  Promise.all(
    servers.map(async (server) => {
      const found: Where[] = []
      for (const place of places) {
        const app = place === 'phone, second' ? estate.second : estate.app
        if ((await server.introspect(app, estate.tokens[place])).active === true) found.push(place)
      }
      return found
    }),
  )
