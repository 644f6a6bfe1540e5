import { expect, test } from "vitest"
import { missingFrom } from "../../../test/support/http/permission-cells.ts"
import { TABLE, WHO } from "../../../test/support/http/permission-table.ts"
import { createUpgrades, describeRoutes } from "./routes/index.ts"

const routes = [...describeRoutes(), ...createUpgrades().map(({ path }) => ({ method: "WS", path }))]

test("every route has its row in the permission table, and every row its route", () => {
  expect(missingFrom(TABLE, routes)).toEqual({ routes: [], rows: [] })
})

test("a route or a WebSocket without a row is noticed", () => {
  for (const method of ["GET", "WS"]) {
    expect(missingFrom(TABLE, [...routes, { method, path: "/api/new" }]).routes).toEqual([`${method} /api/new`])
  }
  expect(missingFrom([...TABLE, ...TABLE.slice(0, 1)], routes).rows).toEqual(["GET /api/health"])
})

test("every row has an answer for everybody", () => {
  for (const row of TABLE) {
    for (const statuses of [row.private, row.public ?? row.private]) {
      expect(
        statuses.split(" ").every((status) => /^[2-5]\d\d$/.test(status)),
        row.route,
      ).toBe(true)
      expect(statuses.split(" "), row.route).toHaveLength(WHO.length)
    }
  }
})
