import fc from 'fast-check'
import { mutated } from './mutate.ts'
import { type Mutation, methods, mutation, parameterName } from './mutation.ts'
import type { Route } from './routes.ts'
import type { Body, Pair, Shot } from './shot.ts'
import { headerName, headerValue, json, text } from './values.ts'
import type { World } from './world.ts'

type Wild = { readonly route: number; readonly method: string | undefined; readonly id: string } & Pick<
  Shot,
  'query' | 'headers' | 'body'
>
/** One request: something valid with at most three changes, or anything at all to one of the routes. */
export type Plan = {
  readonly network: number
  readonly what: { readonly recipe: number; readonly mutations: readonly Mutation[] } | { readonly wild: Wild }
}

const pair: fc.Arbitrary<Pair> = fc.tuple(parameterName, text)
const body: fc.Arbitrary<Body | undefined> = fc.oneof(
  fc.record({ form: fc.array(pair, { maxLength: 8 }) }),
  fc.record({ json }),
  fc.record({ text }),
  fc.constant(undefined),
)
const wild: fc.Arbitrary<Wild> = fc.record({
  route: fc.nat(),
  method: fc.option(fc.constantFrom(...methods), { nil: undefined, freq: 9 }),
  id: text,
  query: fc.array(pair, { maxLength: 6 }),
  headers: fc.array(fc.tuple(headerName, headerValue), { maxLength: 3 }),
  body,
})
const mutations = fc.oneof(
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 19, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
)
export const plans: fc.Arbitrary<Plan> = fc.record({
  network: fc.nat(0xffff),
  what: fc.oneof(
    { weight: 3, arbitrary: fc.record({ recipe: fc.nat(), mutations }) },
    { weight: 1, arbitrary: fc.record({ wild }) },
  ),
})

const wildShot = ({ route, method, id, query, headers, body }: Wild, routes: readonly Route[]): Shot => {
  const { method: registered, url } = routes[route % routes.length] ?? { method: 'GET', url: '/' }
  const sent = method ?? registered
  const path = url.replace(/:\w+/, encodeURIComponent(id.replaceAll(/\p{Cs}/gu, '')))
  return { route: url, method: sent, path, query, headers, body: sent === 'HEAD' ? undefined : body }
}

export const shotOf = async ({ what, network }: Plan, world: World, routes: readonly Route[]): Promise<Shot> => {
  const from: Pair = ['x-forwarded-for', `10.${network % 7}.${network >> 8}.${network & 255}`]
  const shot =
    'wild' in what
      ? wildShot(what.wild, routes)
      : what.mutations.reduce(
          (shot, each) => mutated(shot, each, world),
          (await world.recipes[what.recipe % world.recipes.length]?.()) ?? wildShot({ ...nothing }, routes),
        )
  const isNamed = shot.headers.some(([name]) => name === 'x-forwarded-for')
  return isNamed ? shot : { ...shot, headers: [from, ...shot.headers] }
}
const nothing: Wild = { route: 0, method: undefined, id: '', query: [], headers: [], body: undefined }
