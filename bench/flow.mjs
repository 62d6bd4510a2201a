import { createHash, randomBytes } from 'node:crypto'
import { form, formType, Unexpected } from './agent.mjs'

const unescaped = (html) =>
  html
    .replace(/&quot;/g, '"')
    .replace(/&#x27;|&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')

const attribute = (tag, name) => {
  const found = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]
  return found === undefined ? undefined : unescaped(found)
}

/** The form of that id, with what its inputs hold. */
export const readForm = (html, id) => {
  const found = new RegExp(`<form\\b([^>]*\\bid="${id}"[^>]*)>([\\s\\S]*?)</form>`).exec(html)
  if (!found) return undefined
  const fields = {}
  for (const [input] of found[2].matchAll(/<input\b[^>]*>/g)) {
    const name = attribute(input, 'name')
    if (name !== undefined) fields[name] = attribute(input, 'value') ?? ''
  }
  return { action: attribute(found[1], 'action') ?? '', fields }
}

/** RFC 6749 §2.3.1. */
export const basic = ({ client_id, client_secret }) => ({
  authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`,
})

/** @returns the token response; @throws Unexpected when there is none */
export const requestTokens = async (agent, target, client, fields) => {
  const proof = client.prove && { dpop: client.prove('POST', target.origin + target.paths.token) }
  const headers = { 'content-type': formType, ...basic(client), ...proof }
  const answer = await agent.request('POST', target.paths.token, { headers, body: form(fields) })
  if (answer.status !== 200) throw new Unexpected(fields.grant_type, answer)
  const tokens = JSON.parse(answer.text)
  if (!tokens.access_token) throw new Unexpected('no access token', answer)
  return tokens
}

/** RFC 6749 §4.1.1 with PKCE. */
export const authorizationRequest = (client, parameters = {}) => {
  const verifier = randomBytes(32).toString('base64url')
  const state = randomBytes(8).toString('base64url')
  const query = form({
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: client.redirect_uri,
    scope: client.scope,
    resource: client.resource,
    state,
    nonce: client.scope.includes('openid') ? state : undefined,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...parameters,
  })
  return { verifier, state, query }
}

/**
 * One whole flow, as a browser and its client do it: authorize, log in, consent, redeem, with PKCE. Pages are filled in
 * where they appear, so that a browser that is logged in passes through.
 *
 * @param visitor `{ username, password }`
 */
export const codeFlow = async (agent, target, visitor, { client = target.clients.app, parameters = {} } = {}) => {
  const { verifier, state, query } = authorizationRequest(client, parameters)
  const fill = { ...target.forms, 'login-form': { ...target.forms['login-form'], ...visitor } }

  let next = { method: 'GET', path: `${target.paths.authorize}?${query}` }
  for (let step = 0; step < 12; step++) {
    const { method, path, body } = next
    const headers = { accept: 'text/html', ...(body && { 'content-type': formType, origin: target.origin }) }
    const answer = await agent.request(method, path, { headers, body, browses: true })
    if (answer.status >= 300 && answer.status < 400) {
      const to = new URL(answer.headers.location, target.origin + path)
      if (!to.href.startsWith(client.redirect_uri)) {
        next = { method: 'GET', path: to.pathname + to.search }
        continue
      }
      const code = to.searchParams.get('code')
      if (!code || to.searchParams.get('state') !== state) throw new Unexpected('authorization response', answer)
      const { redirect_uri } = client
      return requestTokens(agent, target, client, {
        grant_type: 'authorization_code',
        code,
        redirect_uri,
        code_verifier: verifier,
      })
    }
    const id = Object.keys(fill).find((name) => answer.status === 200 && answer.text.includes(`id="${name}"`))
    const page = id && readForm(answer.text, id)
    if (!page) throw new Unexpected(`stuck at ${path.replace(/\?.*/, '')}`, answer)
    next = { method: 'POST', path: page.action, body: form({ ...page.fields, ...fill[id] }) }
  }
  throw new Error('the flow does not end')
}
