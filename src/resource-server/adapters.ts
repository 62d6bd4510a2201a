import type { Credentials } from './credentials.ts'
import { type Demand, TokenRefused } from './refusal.ts'
import { type Requirement, readRequirement } from './requirement.ts'

/** As much of a Node request as a guard reads; Express and `node:http` have it. */
export type NodeRequest = {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly rawHeaders?: readonly string[]
  readonly url?: string | undefined
  readonly originalUrl?: string | undefined
  readonly method?: string | undefined
  readonly socket?: object | undefined
}
export type NodeResponse = {
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}
export type FastifyLikeReply = {
  code(status: number): FastifyLikeReply
  headers(headers: Record<string, string>): FastifyLikeReply
  send(body: string): FastifyLikeReply
}

export type Adapters<T> = {
  /** An `onRequest` or `preHandler` hook; the route finds `request.token`. */
  fastify(
    requirement?: Requirement,
  ): (request: { readonly raw: NodeRequest }, reply: FastifyLikeReply) => Promise<unknown>
  /** Middleware, also for Connect and the like; the route finds `request.token`. */
  express(
    requirement?: Requirement,
  ): (request: NodeRequest, response: NodeResponse, next: (error?: unknown) => void) => Promise<void>
  /** Around a listener of `node:http`. */
  http<Q extends NodeRequest, S extends NodeResponse>(
    requirement: Requirement | undefined,
    listener: (request: Q, response: S, token: T) => unknown,
  ): (request: Q, response: S) => Promise<void>
  /** Around a handler of the Fetch API. */
  fetch<More extends readonly unknown[]>(
    requirement: Requirement | undefined,
    handler: (request: Request, token: T, ...more: More) => Response | Promise<Response>,
  ): (request: Request, ...more: More) => Promise<Response>
}

export const createAdapters = <T>(check: (from: Credentials, demand: Demand) => Promise<T>): Adapters<T> => ({
  fastify(requirement) {
    const demand = readRequirement(requirement)
    return async (request, reply) => {
      try {
        Object.assign(request, { token: await check(request.raw, demand) })
        return undefined
      } catch (error) {
        if (!(error instanceof TokenRefused)) throw error
        return reply
          .code(error.status)
          .headers({ ...error.headers })
          .send(error.body)
      }
    }
  },

  express(requirement) {
    const demand = readRequirement(requirement)
    return async (request, response, next) => {
      try {
        Object.assign(request, { token: await check(request, demand) })
      } catch (error) {
        if (error instanceof TokenRefused) answer(response, error)
        else next(error)
        return
      }
      next()
    }
  },

  http(requirement, listener) {
    const demand = readRequirement(requirement)
    return async (request, response) => {
      try {
        await listener(request, response, await check(request, demand))
      } catch (error) {
        if (!(error instanceof TokenRefused)) throw error
        answer(response, error)
      }
    }
  },

  fetch(requirement, handler) {
    const demand = readRequirement(requirement)
    return async (request, ...more) => {
      try {
        return await handler(request, await check(request, demand), ...more)
      } catch (error) {
        if (!(error instanceof TokenRefused)) throw error
        return error.response()
      }
    }
  },
})

const answer = (response: NodeResponse, { status, headers, body }: TokenRefused): void => {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.end(body)
}
