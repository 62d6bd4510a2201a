import { fingerprinted } from '../../pages/asset.ts'

/** The whole app. It is served as it stands here, so that its reader sees what a browser runs. */
const js = String.raw`'use strict'
const { issuer, client, redirect, scope, api, words: json } = document.getElementById('spa').dataset
const words = JSON.parse(json)
const page = document.querySelector('main')
const views = new Map(Array.from(document.querySelectorAll('template'), ({ id, content }) => [id, content]))
// In memory alone: a reload forgets the access token, and asks for the next with a cookie that no script sees.
let tokens, person, timer

class Refused extends Error {}

const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)))
const claimsOf = (jwt) => JSON.parse(atob(jwt.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')))
const ask = (url, options) => fetch(url, { ...options, signal: AbortSignal.timeout(10000) })
const bearer = () => ({ headers: { authorization: 'Bearer ' + tokens.access } })

// One tab at a time: an answer that comes late must not put an older cookie over a newer one.
const exchange = (form) =>
  navigator.locks.request('demo-spa', async () => {
    const response = await ask(issuer + '/oauth2/token', {
      method: 'POST',
      body: new URLSearchParams({ client_id: client, ...form }),
    })
    if (response.status === 429 || response.status >= 500) throw new TypeError('the server is away')
    const body = await response.json()
    if (!response.ok) throw new Refused(body.error)
    tokens = { access: body.access_token, id: body.id_token, until: Date.now() + body.expires_in * 1000 }
    clearTimeout(timer)
    timer = setTimeout(refresh, Math.max(1000, body.expires_in * 750))
  })

const begin = async () => {
  const [state, verifier] = [random(), random()]
  sessionStorage.setItem('login ' + state, verifier)
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  const question = {
    response_type: 'code',
    client_id: client,
    redirect_uri: redirect,
    scope,
    state,
    code_challenge: base64url(new Uint8Array(hash)),
    code_challenge_method: 'S256',
    ui_locales: document.documentElement.lang,
  }
  location.assign(issuer + '/oauth2/authorize?' + new URLSearchParams(question))
}

const finish = async (answer) => {
  const login = 'login ' + answer.get('state')
  const verifier = sessionStorage.getItem(login)
  sessionStorage.removeItem(login)
  // RFC 6749 10.12, RFC 9207 2.4: an answer that this tab did not ask for, or that another issuer gave.
  if (!verifier || answer.get('iss') !== issuer) throw new Refused('invalid_request')
  if (answer.has('error')) throw new Refused(answer.get('error'))
  const code = answer.get('code')
  await exchange({ grant_type: 'authorization_code', code, redirect_uri: redirect, code_verifier: verifier })
}

const refresh = () => attempt(() => exchange({ grant_type: 'refresh_token' }))

const call = () =>
  attempt(async () => {
    if (Date.now() > tokens.until - 5000) await exchange({ grant_type: 'refresh_token' })
    const response = await ask(api + '/hello', bearer())
    const answer = document.createElement('pre')
    answer.textContent = JSON.stringify(await response.json(), null, 2)
    const status = document.createElement('p')
    status.textContent = words.status + ': ' + response.status
    status.id = 'spa-status'
    document.getElementById('spa-answer').replaceChildren(status, answer)
  })

const end = () => {
  const request = { id_token_hint: tokens.id, post_logout_redirect_uri: redirect }
  location.assign(issuer + '/oauth2/logout?' + new URLSearchParams(request))
}

const attempt = async (act) => {
  try {
    await act()
    if (!person) person = await (await ask(issuer + '/oauth2/userinfo', bearer())).json()
    draw('logged-in')
  } catch (error) {
    if (error.message === 'invalid_grant') return forget()
    if (error instanceof Refused) return draw(tokens ? 'logged-in' : 'logged-out', words.refused + ' ' + error.message)
    // The network or the server fails: nobody is logged out by that.
    clearTimeout(timer)
    timer = setTimeout(refresh, 5000)
    draw(tokens ? 'logged-in' : 'logged-out', words.away)
  }
}

const forget = () => {
  tokens = person = undefined
  clearTimeout(timer)
  draw('logged-out')
}

const draw = (name, trouble) => {
  if (page.dataset.view !== name) page.replaceChildren(views.get(name).cloneNode(true))
  page.dataset.view = name
  document.getElementById('spa-trouble')?.remove()
  if (trouble) {
    const alert = document.createElement('p')
    alert.id = 'spa-trouble'
    alert.role = 'alert'
    alert.textContent = trouble
    page.prepend(alert)
  }
  if (name === 'logged-out') return
  const say = (id, text) => (document.getElementById(id).textContent = text)
  say('spa-hello', words.hello.replace('{name}', () => person?.name ?? person?.sub ?? ''))
  say('spa-expires', new Date(tokens.until).toLocaleTimeString(document.documentElement.lang))
  say('spa-generation', claimsOf(tokens.access).jti.split('.')[1])
  say('spa-cookies', document.cookie || words.nothing)
  say('spa-storage', Object.keys({ ...localStorage, ...sessionStorage }).join(', ') || words.nothing)
}

const buttons = { 'spa-log-in': begin, 'spa-refresh': refresh, 'spa-call': call, 'spa-log-out': end }
page.addEventListener('click', ({ target }) => buttons[target.id]?.())

const answer = new URLSearchParams(location.search)
// The code is spent at once, and nothing of it stays in the address.
history.replaceState(null, '', redirect)
attempt(answer.has('state') ? () => finish(answer) : () => exchange({ grant_type: 'refresh_token' }))
`

export const spaScript = fingerprinted('demo-spa', 'js', 'text/javascript; charset=utf-8', js)
