import type { TestServer } from '../support/server.ts'
import type { Access } from './answer.ts'
import { hold } from './invariants.ts'
import { expiryOf, type Family, familyIn, isExpired } from './oracle.ts'
import type { Sent } from './perform.ts'
import { type Story, seconds } from './story.ts'

/** After each step: the families it was about, where it happened, and each other family in its turn. */
export const probe = async (story: Story, sent: readonly Sent[]): Promise<void> => {
  const { families } = story.state
  const about = new Set(sent.flatMap(({ act }) => ('family' in act ? [act.family] : families.map(({ id }) => id))))
  const inTurn = families[story.steps++ % families.length]
  if (inTurn) about.add(inTurn.id)
  const server = await story.world.at(story.steps)
  for (const id of about) await look(story, familyIn(story.state, id), server, 1)
}

/** Everything that was ever handed out, at one server. */
export const sweep = async (story: Story, server: TestServer): Promise<void> => {
  for (const family of story.state.families) await look(story, family, server, Number.POSITIVE_INFINITY)
}

/** @param most so many of its tokens of each kind, the newest first */
const look = async (story: Story, family: Family, server: TestServer, most: number): Promise<void> => {
  const accesses = story.accesses.filter((one) => one.family === family.id).slice(-most)
  for (const access of accesses) await lookAtAccess(story, family, access, server, most > 1)
  const tokens = [...(story.tokens.get(family.id) ?? [])].sort(([a], [b]) => b - a).slice(0, most)
  for (const [generation, token] of tokens) await lookAtRefresh(story, family, generation, token, server)
}

const lookAtAccess = async (story: Story, family: Family, access: Access, server: TestServer, thorough: boolean) => {
  const now = seconds(story)
  const { auditor } = story.world
  const { status, body } = await server.post('/oauth2/introspect', { token: access.token }, auditor)
  const what = () => `generation ${access.generation} of ${JSON.stringify(family)}: ${status} ${JSON.stringify(body)}`
  if (family.ended || access.exp <= now || story.revokedAlone.has(access.jti)) {
    const invariant = family.ended ? 'deadStaysDead' : 'verdict'
    hold(invariant, status === 200 && body.active === false && Object.keys(body).length === 1, what)
  } else hold('otherFamilies', body.active === true && body.exp === access.exp, what)
  if (!thorough) return
  const userinfo = await server.get('/oauth2/userinfo', { authorization: `Bearer ${access.token}` })
  if (body.active === false) return hold('deadStaysDead', userinfo.status === 401, what)
  const due = access.scope.includes('openid') ? 200 : 403
  hold('otherFamilies', userinfo.status === due, () => `${what()}, userinfo ${userinfo.status}`)
}

const lookAtRefresh = async (story: Story, family: Family, generation: number, token: string, server: TestServer) => {
  const { app, stranger, state, world } = story
  const now = seconds(story)
  // A public client may not introspect; nobody else sees its refresh tokens.
  const active = app.secret === undefined ? undefined : (await server.introspect(app, token)).active === true
  const what = () => `refresh token ${generation} of ${JSON.stringify(family)} is ${active ? '' : 'in'}active`
  hold('presenter', stranger.secret === undefined || !(await server.introspect(stranger, token)).active, what)
  if (family.ended) {
    hold('deadStaysDead', active !== true, what)
    const { status, body } = await server.refresh(app, token)
    const due = state.clientDisabled ? ['invalid_client', 'invalid_grant'] : ['invalid_grant']
    return hold('deadStaysDead', status !== 200 && due.includes(String(body.error)), () => `${what()}: ${status}`)
  }
  const isAlive = !isExpired(family, state, now) && !state.clientDisabled && !state.personDisabled
  if (active === undefined || !isAlive) return hold('verdict', active !== true || isAlive, what)
  hold('oneGeneration', active === (generation === family.live), what)
  if (!active) return
  const { exp } = await (await world.at(0)).introspect(app, token)
  hold('retryExtends', exp === expiryOf(family, state), () => `${what()} until ${exp}`)
}
