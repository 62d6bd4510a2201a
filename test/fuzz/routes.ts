import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance, RouteOptions } from 'fastify'

export type Route = { readonly method: string; readonly url: string }

const isFastify = (message: unknown): message is { readonly fastify: FastifyInstance } =>
  typeof message === 'object' && message !== null && 'fastify' in message

/** The route table of the applications that are built meanwhile, as Fastify mounts it: none can be forgotten. */
export const routesOf = async <T>(
  build: () => Promise<T>,
): Promise<{ readonly built: T; readonly routes: readonly Route[] }> => {
  const routes = new Map<string, Route>()
  const add = ({ method, url }: RouteOptions) => {
    for (const each of [method].flat()) routes.set(`${each} ${url}`, { method: each, url })
  }
  const listen = (message: unknown) => {
    if (isFastify(message)) message.fastify.addHook('onRoute', add)
  }
  subscribe('fastify.initialization', listen)
  try {
    return { built: await build(), routes: [...routes.values()] }
  } finally {
    unsubscribe('fastify.initialization', listen)
  }
}
