import { addressOf, createAgent, form, formType, Unexpected } from './agent.mjs'
import { authorizationRequest, basic, codeFlow, requestTokens } from './flow.mjs'
import { createProver, isBound } from './proof.mjs'
import { pushers } from './seed.mjs'

/** So many token responses of different people, before anything is measured. */
const gather = async (target, count, options) => {
  const gathered = []
  for (let index = 0; index < count; index++) {
    const agent = createAgent(target.origin, addressOf(index))
    gathered.push(await codeFlow(agent, target, target.visitor(index), options))
    await agent.close()
  }
  return gathered
}

const getter = (path, expected) => async () => (agent) => async () => {
  const answer = await agent.request('GET', path)
  if (answer.status !== 200 || !answer.text.includes(expected)) throw new Unexpected(path, answer)
}

/** A server that neither introspects signed tokens nor takes them at userinfo names a client with others. */
const opaque = ({ clients }, client) => clients.opaque ?? client

const introspecting = (kind, issuedTo, clientOf) => async (target) => {
  const tokens = (await gather(target, 32, { client: issuedTo(target) })).map((pair) => pair[kind])
  const headers = { 'content-type': formType, ...basic(clientOf(target)) }
  let turn = 0
  return (agent) => async () => {
    const body = form({ token: tokens[turn++ % tokens.length], token_type_hint: kind })
    const answer = await agent.request('POST', target.paths.introspect, { headers: { ...headers }, body })
    if (answer.status !== 200 || JSON.parse(answer.text).active !== true) throw new Unexpected('introspection', answer)
  }
}

const refreshing = (clientOf) => async (target, concurrency) => {
  const client = clientOf(target)
  const tokens = (await gather(target, concurrency, { client })).map((pair) => pair.refresh_token)
  return (agent, index) => async () => {
    const fields = { grant_type: 'refresh_token', refresh_token: tokens[index] }
    const { access_token, refresh_token } = await requestTokens(agent, target, client, fields)
    if (client.prove && !isBound(access_token)) throw new Error('the access token is bound to no key')
    if (!refresh_token || refresh_token === tokens[index]) throw new Error('the refresh token was not rotated')
    tokens[index] = refresh_token
  }
}

/** The first visit of a browser: nobody is logged in, and consent is asked for although it was given before. */
const firstVisit = (visitorOf) => async (target) => (agent, index) => async () => {
  agent.cookies.clear()
  await codeFlow(agent, target, visitorOf(target)(index), { parameters: target.asksConsent })
}

/**
 * Each prepares what it needs, untimed, and gives a step per virtual client. A step checks its answer and throws when it
 * is not what it must be: a server that fails fast is not a fast server.
 */
export const scenarios = {
  client_credentials: async (target) => (agent) => async () => {
    const { scope, resource } = target.clients.machine
    await requestTokens(agent, target, target.clients.machine, { grant_type: 'client_credentials', scope, resource })
  },
  refresh: refreshing((target) => target.clients.app),
  refresh_openid: refreshing((target) => target.clients.openid),
  refresh_dpop: refreshing(({ clients }) => ({ ...clients.bound, prove: createProver() })),
  par: async (target) => (agent, index) => async () => {
    const client = target.clients[pushers[index % pushers.length]]
    const headers = { 'content-type': formType, ...basic(client) }
    const body = authorizationRequest(client).query
    const answer = await agent.request('POST', target.paths.par, { headers, body })
    if (answer.status !== 201 || !JSON.parse(answer.text).request_uri) throw new Unexpected('pushed request', answer)
  },
  code_flow: firstVisit((target) => target.visitor),
  code_flow_argon2: firstVisit((target) => target.slowVisitor),
  code_flow_sso: async (target, concurrency) => {
    // Consent is remembered before, so that each flow is one request to each endpoint.
    await gather(target, concurrency)
    return (agent, index) => async () => {
      await codeFlow(agent, target, target.visitor(index))
    }
  },
  introspect: introspecting(
    'access_token',
    (target) => opaque(target, target.clients.app),
    (target) => target.clients.introspector,
  ),
  // Of a refresh token nobody but its own client is told.
  introspect_refresh: introspecting(
    'refresh_token',
    (target) => target.clients.app,
    (target) => target.clients.app,
  ),
  userinfo: async (target) => {
    const tokens = (await gather(target, 32, { client: opaque(target, target.clients.openid) })).map(
      (pair) => pair.access_token,
    )
    let turn = 0
    return (agent) => async () => {
      const headers = { authorization: `Bearer ${tokens[turn++ % tokens.length]}` }
      const answer = await agent.request('GET', target.paths.userinfo, { headers })
      if (answer.status !== 200 || !answer.text.includes('"sub"')) throw new Unexpected('userinfo', answer)
    }
  },
  jwks: (target) => getter(target.paths.jwks, '"keys"')(),
  discovery: (target) => getter(target.paths.discovery, '"issuer"')(),
}
