import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { demoErrorPage, demoHomePage, demoSignedInPage } from '../../pages/demo.tsx'
import type { Random } from '../../random.ts'
import { basePathOf } from '../base-path.ts'
import { bodyOf } from '../form.ts'
import { queryParameters } from '../form-body.ts'
import type { Presenter } from '../interaction/presentation.ts'
import { type Fault, faultOf, type RelyingParty, type Tokens } from './relying-party.ts'
import { createDemoSessions, type DemoSession, isOwnForm } from './sessions.ts'

export type DemoAppOptions = {
  readonly issuer: string
  readonly relyingParty: RelyingParty
  readonly presenter: Presenter
  readonly random: Random
}

/** The demo app: a client like any other, with routes, a cookie and sessions of its own. */
export const demoApp = async (app: FastifyInstance, options: DemoAppOptions): Promise<void> => {
  const { issuer, relyingParty, presenter, random } = options
  const { protocol } = new URL(issuer)
  const home = `${basePathOf(issuer)}/demo/`
  const actions = { refresh: `${home}refresh`, call: `${home}call`, logOut: `${home}logout` }
  const sessions = createDemoSessions({ isSecure: protocol === 'https:', random })

  const fail = (request: FastifyRequest, reply: FastifyReply, { status, code, description }: Fault) =>
    presenter.send(request, reply.code(status), (presentation) =>
      demoErrorPage({ code, description, home }, presentation),
    )

  /** Whatever the server answers, the person gets a page of the app. */
  const orPage = async (
    request: FastifyRequest,
    reply: FastifyReply,
    act: () => Promise<FastifyReply>,
    onFault: (fault: Fault) => void = () => {},
  ) => {
    try {
      return await act()
    } catch (error) {
      const fault = faultOf(error)
      request.log.info({ err: error, error: fault.code }, 'the demo app met an error')
      onFault(fault)
      return fail(request, reply, fault)
    }
  }

  const redirect = (reply: FastifyReply, to: string) => reply.header('cache-control', 'no-store').redirect(to, 303)

  app.get('/demo', async (_request, reply) => redirect(reply, home))

  app.get('/demo/', async (request, reply) => {
    const session = sessions.find(request)
    const { tokens } = session ?? {}
    if (!session || !tokens)
      return presenter.send(request, reply, (presentation) => demoHomePage({ logIn: `${home}login` }, presentation))
    const { claims, answer, csrf } = session
    const person = [claims.name, claims.preferred_username, claims.sub].find((one) => typeof one === 'string') ?? ''
    const data = { person: String(person), claims, token: tokens, answer, csrf, actions }
    return presenter.send(request, reply, (presentation) => demoSignedInPage(data, presentation))
  })

  app.get('/demo/login', (request, reply) =>
    orPage(request, reply, async () => {
      const { login, url } = await relyingParty.begin()
      sessions.begin(request, reply).logins.set(login.state, login)
      return redirect(reply, url.href)
    }),
  )

  app.get('/demo/callback', async (request, reply) => {
    // What is no query is no fault of the authorization server.
    const parameters = queryParameters(request)
    return orPage(request, reply, async () => {
      const logins = sessions.find(request)?.logins
      const state = parameters.get('state') ?? ''
      const login = logins?.get(state)
      // RFC 6749 §10.12: an answer to a question that this browser never asked.
      if (!logins || !login) return fail(request, reply, unexpected)
      logins.delete(state)
      const url = new URL(`${issuer}/demo/callback?${parameters}`)
      const { tokens, claims } = await relyingParty.finish(url, login)
      Object.assign(sessions.renew(request, reply), { tokens, claims })
      return redirect(reply, home)
    })
  })

  /** A form of the signed-in page. */
  const onForm = (
    path: string,
    act: (session: DemoSession, tokens: Tokens, request: FastifyRequest, reply: FastifyReply) => Promise<string>,
    onFault: (fault: Fault, request: FastifyRequest, reply: FastifyReply) => void = () => {},
  ) =>
    app.post(path, async (request, reply) => {
      const session = sessions.find(request)
      const tokens = session?.tokens
      if (!session || !tokens) return redirect(reply, home)
      if (!isOwnForm(session, bodyOf(request))) return fail(request, reply, foreign)
      return orPage(
        request,
        reply,
        async () => redirect(reply, await act(session, tokens, request, reply)),
        (fault) => onFault(fault, request, reply),
      )
    })

  onForm(
    '/demo/refresh',
    async (session, tokens) => {
      session.tokens = await relyingParty.refresh(tokens)
      return home
    },
    ({ code }, request, reply) => {
      // The refresh token is dead, and the login with it; any other failure may pass.
      if (code === 'invalid_grant') sessions.end(request, reply)
    },
  )

  onForm('/demo/call', async (session, tokens) => {
    session.answer = await relyingParty.call(tokens)
    return home
  })

  onForm('/demo/logout', async (_session, tokens, request, reply) => {
    // First here: whatever the server says, the person is logged out of the app.
    sessions.end(request, reply)
    return (await relyingParty.logoutUrl(tokens)).href
  })
}

const unexpected: Fault = {
  status: 400,
  code: 'invalid_request',
  description: 'The answer belongs to no login of this browser.',
}
const foreign: Fault = { status: 403, code: 'invalid_request', description: 'The form is not one of this session.' }
