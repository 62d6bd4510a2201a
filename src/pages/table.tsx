/** The heads of a list's columns. @property acts of a last column with nothing but buttons: said, and not seen */
export const Heads = ({ labels, acts }: { readonly labels: readonly string[]; readonly acts?: string }) => (
  <thead>
    <tr>
      {labels.map((label) => (
        <th key={label} scope="col">
          {label}
        </th>
      ))}
      {acts !== undefined && (
        <th scope="col">
          <span class="unseen">{acts}</span>
        </th>
      )}
    </tr>
  </thead>
)
