/**
 * @property mayUseNamed whether the operator answers for the address: then it may be one of those that are named for the
 * operator's clients although not public. What a client says that registered itself opens none of them (O2).
 */
export type Trust = { readonly mayUseNamed: boolean }

/**
 * One for the operator's clients and one for those that registered themselves: what was read inside for the ones is not for
 * the others to see, and these, who may be as many as they like, neither fill the places of those nor crowd out what is
 * remembered for them.
 */
export const byTrust = <T>(create: (trust: Trust) => T): ((trust: Trust) => T) => {
  const [own, others] = [create({ mayUseNamed: true }), create({ mayUseNamed: false })]
  return ({ mayUseNamed }) => (mayUseNamed ? own : others)
}
