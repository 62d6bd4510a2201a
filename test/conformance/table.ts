import { type Plan, plans, type Variant } from './plans.ts'

/** What a run said of a module, and in which files. */
export type Outcome = { readonly holds: boolean; readonly files: readonly string[] }
export type Outcomes = Readonly<Record<string, Outcome>>

const variants: readonly Variant[] = ['form_post', 'mtls']
const isModule = new Set(plans.flatMap(({ modules }) => modules))
const moduleName = /(?<![\w-])(?:oidcc|fapi2)-[\w-]*\w/g

/** The modules that a title names. A file of one variant says so in its own name. */
export const modulesIn = (title: string, file = ''): readonly string[] =>
  [...title.matchAll(moduleName)]
    .map(({ 0: name, index }) => {
      const rest = title.slice(index + name.length)
      const variant = variants.find((each) => rest.startsWith(` (${each})`) || file.includes(each))
      return variant === undefined ? name : `${name} (${variant})`
    })
    .filter((module) => isModule.has(module))

/**
 * What the modules came to, of a run of the tests in the Test Anything Protocol: a module holds when something was said of
 * it, and nothing against it. What was skipped says nothing.
 */
export const outcomesOf = (tap: string): Outcomes => {
  const found = new Map<string, { holds: boolean; readonly files: Set<string> }>()
  let file = ''
  for (const line of tap.split('\n')) {
    file = /^# Subtest: (test\/\S+)$/.exec(line)?.[1] ?? file
    const [, not, title] = /^\s*(not )?ok \d+ - (.*)$/.exec(line) ?? []
    if (title === undefined || / # (?:SKIP|TODO)\b/.test(title)) continue
    for (const module of modulesIn(title, file)) {
      const outcome = found.get(module) ?? { holds: true, files: new Set() }
      outcome.holds &&= not === undefined
      outcome.files.add(file)
      found.set(module, outcome)
    }
  }
  const sorted = [...found].toSorted(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, { holds, files }]) => [name, { holds, files: [...files].toSorted() }]))
}

export const markers = { begin: '<!-- conformance -->\n', end: '<!-- /conformance -->' } as const

/** The README's: how many modules of each plan hold, and by name those that do not. */
export const conformanceTable = (outcomes: Outcomes): string => {
  const counted = plans.map((plan) => {
    const failing = plan.modules.filter((module) => outcomes[module]?.holds === false)
    const untested = plan.modules.filter((module) => outcomes[module] === undefined)
    return { plan, failing, untested, held: plan.modules.length - failing.length - untested.length }
  })
  const rows = counted.map(
    ({ plan, held, failing, untested }) =>
      `| ${plan.name} | ${plan.modules.length} | ${held} | ${failing.length} | ${untested.length} |`,
  )
  const remarks = counted.flatMap(({ plan, failing, untested }) => [
    ...listed(`${plan.name}, fail`, failing),
    ...reasons(plan, untested),
  ])
  return ['| plan | modules | hold | fail | left out |', '|---|---|---|---|---|', ...rows, ...spaced(remarks), ''].join(
    '\n',
  )
}

const spaced = (lines: readonly string[]): readonly string[] => (lines.length === 0 ? [] : ['', ...lines])
const listed = (title: string, modules: readonly string[]): readonly string[] =>
  modules.length === 0 ? [] : [`- ${title}: ${modules.map((module) => `\`${short(module)}\``).join(', ')}.`]

/** The longest prefix is said by the plan, and so is the variant. */
const short = (module: string): string => module.replace(/^fapi2-security-profile-final-| \(.*\)$/g, '')

const reasons = ({ name, left = {} }: Plan, modules: readonly string[]): readonly string[] => {
  const because = [...new Set(modules.map((module) => left[module] ?? 'no test yet'))]
  return because.flatMap((why) =>
    listed(
      `${name}, left out (${why})`,
      modules.filter((module) => (left[module] ?? 'no test yet') === why),
    ),
  )
}
