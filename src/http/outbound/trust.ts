import type { Trust } from '../../oauth/trust.ts'

/**
 * One for the operator's clients and one for those that registered themselves: what was read inside for the ones is not for
 * the others to see, and these, who may be as many as they like, neither fill the places of those nor crowd out what is
 * remembered for them.
 */
export const byTrust = <T>(create: (trust: Trust) => T): ((trust: Trust) => T) => {
  const [own, others] = [create({ mayUseNamed: true }), create({ mayUseNamed: false })]
  return ({ mayUseNamed }) => (mayUseNamed ? own : others)
}
