/** What a browser said that it is; undefined where it said nothing. */
export type DeviceName = { readonly browser: string; readonly system: string | undefined } | undefined

export const Network = ({ network }: { readonly network: string }) => <code class="address">{network}</code>
