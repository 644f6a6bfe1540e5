import { expect, test } from "vitest"
import { describeRoutes } from "./routes/index.ts"
import { missingFrom } from "./testing/permission-cells.ts"
import { TABLE, WHO } from "./testing/permission-table.ts"

test("every route has its row in the permission table, and every row its route", () => {
  expect(missingFrom(TABLE, describeRoutes())).toEqual({ routes: [], rows: [] })
})

test("a route without a row is noticed", () => {
  const routes = [...describeRoutes(), { method: "GET", path: "/api/new" }]
  expect(missingFrom(TABLE, routes).routes).toEqual(["GET /api/new"])
  expect(missingFrom([...TABLE, ...TABLE.slice(0, 1)], describeRoutes()).rows).toEqual(["GET /api/health"])
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
