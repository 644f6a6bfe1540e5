/**
 * The comment directly above each key of values.yaml, by dotted path. Lists are not entered: their items have no
 * descriptions of their own.
 */
export function describeValues(text: string): Map<string, string> {
  const descriptions = new Map<string, string>()
  const path: { indent: number; key: string }[] = []
  let comment: string[] = []
  for (const line of text.split("\n")) {
    const remark = /^ *# ?(.*)$/.exec(line)
    const entry = /^( *)([A-Za-z0-9_.-]+):( |$)/.exec(line)
    if (remark) comment.push(remark[1] ?? "")
    else if (entry) {
      const indent = (entry[1] ?? "").length
      while ((path.at(-1)?.indent ?? -1) >= indent) path.pop()
      path.push({ indent, key: entry[2] ?? "" })
      if (comment.length > 0) descriptions.set(path.map(({ key }) => key).join("."), comment.join(" "))
      comment = []
    } else comment = []
  }
  return descriptions
}
