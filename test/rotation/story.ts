import { randomBytes } from 'node:crypto'
import { type App, claims, type Person } from '../support/server.ts'
import type { Visitor } from '../support/visitor.ts'
import { type Access, learn } from './answer.ts'
import { type Ask, familyIn, type Policy, type State } from './oracle.ts'
import { lifetimes, resources, type World } from './world.ts'

/** What a client is, as far as rotation asks. */
export type Shape = { readonly public: boolean; readonly window: number | undefined }

/** One person with one client, everything that was ever handed out, and what the oracle thinks of it. */
export type Story = {
  readonly world: World
  readonly policy: Policy
  readonly person: Person
  readonly app: App
  readonly stranger: App
  visitor: Visitor
  state: State
  /** By family and generation: those that reached somebody. */
  readonly tokens: Map<string, Map<number, string>>
  readonly accesses: Access[]
  /** The one successor that was ever returned. */
  readonly successors: Map<string, string>
  /** By family, what each of its holders would present: the owner, and a thief. */
  readonly holders: Map<string, number[]>
  readonly revokedAlone: Set<string>
  steps: number
}

export const seconds = ({ world }: Pick<Story, 'world'>): number => world.clock.now().getTime() / 1000

const scope = ['openid', 'offline_access', 'read', 'write']
const name = () => randomBytes(6).toString('hex')

export const aStory = async (world: World, shape: Shape): Promise<Story> => {
  const { control } = world
  const metadata = {
    first_party: true,
    scope: scope.join(' '),
    resources,
    access_token_lifetime: lifetimes.access,
    refresh_token_idle_lifetime: lifetimes.idle,
    refresh_token_lifetime: lifetimes.family,
    ...(shape.public && { token_endpoint_auth_method: 'none' }),
    ...(shape.window !== undefined && { retry_window: shape.window }),
  }
  const [person, app] = await Promise.all([control.aPerson(`p-${name()}`), control.anApp(metadata)])
  return {
    world,
    policy: {
      window: shape.window ?? (shape.public ? 30 : 60),
      accessLifetime: lifetimes.access,
      idleLifetime: lifetimes.idle,
      lifetime: lifetimes.family,
      scope,
      resources,
    },
    person,
    app,
    stranger: shape.public ? world.strangers.confidential : world.strangers.public,
    visitor: control.visitor(),
    state: { families: [], sessions: [], personDisabled: false, clientDisabled: false },
    tokens: new Map(),
    accesses: [],
    successors: new Map(),
    holders: new Map(),
    revokedAlone: new Set(),
    steps: 0,
  }
}

/** A login of the person who may be logged in already, and a new family. */
export const issue = async (story: Story, asked: Ask & { readonly both?: boolean }, at: number): Promise<void> => {
  const { world, person, app, policy, visitor } = story
  const wanted = asked.scope ?? policy.scope
  const granted = asked.both ? policy.resources : [resources[0]]
  const { url, verifier } = world.control.authorizeUrl(app, { scope: wanted.join(' ') })
  const more = new URLSearchParams(granted.map((uri) => ['resource', uri]))
  let page = await visitor.visit(`${url}&${more}`)
  if (page.forms.some(({ id }) => id === 'login-form'))
    page = await visitor.submit('login-form', { username: person.username, password: 'any at all' }, 'login-submit')
  const code = page.leaves?.searchParams.get('code')
  if (!code) throw new Error(`no code: ${page.status} ${page.leaves?.href ?? page.html.slice(0, 2000)}`)
  const server = await world.at(at)
  const { status, body } = await server.redeem(app, code, verifier, { resource: resources[0] })
  if (status !== 200) throw new Error(`the code was refused: ${JSON.stringify(body)}`)

  const now = seconds(story)
  const { jti, sid } = claims(body.access_token)
  const id = String(jti).slice(0, 36)
  const found = await world.control.stores.sessions.list({ userId: person.id, limit: 100 }, world.clock.now())
  const session = found.find((one) => one.id === sid)
  if (!session) throw new Error('there is no session')
  const expires = Math.min(session.idleExpiresAt.getTime(), session.absoluteExpiresAt.getTime()) / 1000
  const pair = { iat: now, exp: now + policy.accessLifetime, scope: wanted, audience: resources[0] }
  const family = {
    id,
    scope: wanted,
    resources: granted,
    session: session.id,
    offline: wanted.includes('offline_access'),
    live: 1,
    pair,
    idle: now + policy.idleLifetime,
    absolute: now + policy.lifetime,
    ended: undefined,
  }
  const others = story.state.sessions.filter((one) => one.id !== session.id)
  const ends = session.absoluteExpiresAt.getTime() / 1000
  const sessions = [...others, { id: session.id, expires, ends, ended: false }]
  story.state = { ...story.state, sessions, families: [...story.state.families, family] }
  story.holders.set(id, [1])
  learn(story, familyIn(story.state, id), 1, body)
}
