import type { HeldClock } from '../support/clock.ts'
import type { Lifetime } from '../support/database.ts'
import { type App, aServer, type TestServer } from '../support/server.ts'
import { type Node, startNode } from './node.ts'

/** Two servers that come and go over one PostgreSQL, and a third that stays: people log in and out there. */
export type World = {
  readonly clock: HeldClock
  readonly control: TestServer
  /** Sees every access token. */
  readonly auditor: App
  /** Clients that nothing was ever issued to: one with a secret, one without. */
  readonly strangers: { readonly confidential: App; readonly public: App }
  /** How often each verdict of the table was due. */
  readonly tally: Map<string, number>
  /** That server, or the other while that one is down. */
  at(index: number): Promise<TestServer>
  node(index: number): Promise<Node>
  kill(index: number): Promise<void>
  /** Starts what is down. @returns the servers that are new */
  restart(): Promise<readonly TestServer[]>
}

/** Seconds, short enough that a story reaches the end of each. */
export const lifetimes = { session: 3000, sessionIdle: 900, access: 100, idle: 400, family: 1500 } as const
export const resources = ['https://api.example', 'https://files.example'] as const

const env = { SESSION_LIFETIME: String(lifetimes.session), SESSION_IDLE_LIFETIME: String(lifetimes.sessionIdle) }
/** Whoever knows the name is let in: passwords are not what this is about. */
const hasher = { hash: async () => '', verify: async () => true }

export const aWorld = async (t: Lifetime): Promise<World> => {
  const control = await aServer(t, { env, hasher, logLevel: 'silent' })
  const nodes: [Node, Node] = [await startNode(control, env), await startNode(control, env)]
  t.teardown(() => Promise.all(nodes.map((node) => node.kill())))

  const node = async (index: number): Promise<Node> => {
    const [wanted, other] = index % 2 === 0 ? nodes : [nodes[1], nodes[0]]
    if (!wanted.isDead()) return wanted
    if (other.isDead()) await restart()
    return other.isDead() ? node(index) : other
  }
  const restart = async () => {
    const fresh: TestServer[] = []
    for (const index of [0, 1] as const) {
      if (!nodes[index].isDead()) continue
      await nodes[index].kill()
      nodes[index] = await startNode(control, env)
      fresh.push(nodes[index].server)
    }
    return fresh
  }
  return {
    clock: control.clock,
    control,
    auditor: await control.anApp({ introspect: 'all' }),
    strangers: {
      confidential: await control.anApp({ resources }),
      public: await control.anApp({ resources, token_endpoint_auth_method: 'none' }),
    },
    tally: new Map(),
    node,
    at: async (index) => (await node(index)).server,
    kill: (index) => nodes[index % 2 === 0 ? 0 : 1].kill(),
    restart,
  }
}
