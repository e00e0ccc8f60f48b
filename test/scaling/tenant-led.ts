import type { Node, ParseResult } from 'libpg-query';

/*
 * Whether a statement can be sent to the one shard that holds a tenant, as Citus decides it: every table must be bound
 * to the tenant where it is read or written. Walks PostgreSQL's own syntax tree, so that no spelling escapes it.
 *
 * A table is bound by `tenant_id = <parameter>`, or by `tenant_id = <tenant_id of a table that is bound>`, where that
 * holds for every row: among the ANDed conditions of WHERE and of a join that cannot keep the row without it. Being
 * bound under OR, by IN or by a join on ids alone does not count.
 */

/** A table's place in a statement; each of them must be bound. */
interface Reference {
  table: string;
  bound: boolean;
}

/** What a tenant's column is compared with: a parameter (its number; 0 for current_tenant()), or a table's column. */
type Term = number | Reference;

/** What stands in a FROM under a name: a table, or rows of a subquery, whose tenant columns come from inside. */
interface Source {
  name: string;
  tenant: Term | undefined;
  /** Its column that holds the tenant. */
  column: string;
}

interface Level {
  sources: Source[];
  /** WITH, of this level and of those around it. */
  named: Map<string, Term | undefined>;
  outer: Level | undefined;
}

interface Equality {
  sides: [Term, Term];
  /** The tables whose rows it holds for: of the same level, and in an outer join of the side that may be missing. */
  binds: Set<Reference>;
}

export interface Verdict {
  faults: string[];
  /** How many places of tenants' tables were looked at. */
  references: number;
  /** Numbers of the parameters that hold the tenant. */
  parameters: Set<number>;
}

type Tree = Record<string, unknown>;

/** Looks a parsed statement over. `tenantTables` have `tenant_id`; `others` need not be bound, and `tenants` by its id. */
export function checkTenantLed(parsed: ParseResult, tenantTables: Set<string>, others: Set<string>): Verdict {
  const references: Reference[] = [];
  const equalities: Equality[] = [];
  const parameters = new Set<number>();
  const faults: string[] = [];

  function parameter(expression: Tree | undefined): number | undefined {
    const cast = expression?.TypeCast as Tree | undefined;
    if (cast) return parameter(cast.arg as Tree);
    const param = expression?.ParamRef as { number: number } | undefined;
    if (param) return param.number;
    const call = expression?.FuncCall as { funcname: Node[] } | undefined;
    return call && words(call.funcname).at(-1) === 'current_tenant' ? 0 : undefined;
  }

  /** The tenant's column or value that an expression is, if it is one. */
  function term(expression: Tree | undefined, level: Level): Term | undefined {
    const value = parameter(expression);
    if (value !== undefined) return value;
    const ref = expression?.ColumnRef as { fields: Node[] } | undefined;
    if (!ref) return undefined;
    const path = words(ref.fields);
    for (let at: Level | undefined = level; at; at = at.outer) {
      const found = at.sources.find(
        ({ name, column, tenant }) => column === path.at(-1) && (path.length > 1 ? name === path.at(-2) : tenant),
      );
      if (found) return found.tenant;
    }
    return undefined;
  }

  function refer(relation: Tree, level: Level): Source[] {
    const table = relation.relname as string;
    const name = ((relation.alias as Tree | undefined)?.aliasname ?? table) as string;
    if (level.named.has(table) && !relation.schemaname) {
      return [{ name, tenant: level.named.get(table), column: 'tenant_id' }];
    }
    const known = tenantTables.has(table) || table === 'tenants';
    if (!known && !others.has(table) && !table.startsWith('pg_')) faults.push(`${table} is not a table that is known`);
    if (!known) return [];
    const reference = { table, bound: false };
    references.push(reference);
    return [{ name, tenant: reference, column: table === 'tenants' ? 'id' : 'tenant_id' }];
  }

  /** Adds what an item of FROM brings. `pending` collects conditions, which are read when all of FROM is known. */
  function from(item: Tree, level: Level, pending: [Tree, Source[]][]): Source[] {
    const added: Source[] = [];
    if (item.RangeVar) added.push(...refer(item.RangeVar as Tree, level));
    else if (item.RangeSubselect) {
      const { subquery, alias, lateral } = item.RangeSubselect as Tree;
      const name = (alias as Tree | undefined)?.aliasname as string;
      // Without LATERAL it sees what is around the FROM, and not its neighbours; the names of WITH it sees always.
      const around = lateral ? level : { ...level, sources: [] };
      added.push({ name, tenant: statement(subquery as Tree, around), column: 'tenant_id' });
    } else if (item.JoinExpr) {
      const join = item.JoinExpr as Tree;
      const left = from(join.larg as Tree, level, pending);
      const right = from(join.rarg as Tree, level, pending);
      const holds = { JOIN_INNER: [...left, ...right], JOIN_LEFT: right, JOIN_RIGHT: left }[join.jointype as string];
      if (join.quals) pending.push([join.quals as Tree, holds ?? []]);
      if (join.usingClause || join.isNatural) faults.push('a join by USING is not looked through');
      return [...left, ...right];
    } else {
      if (!item.RangeFunction) faults.push(`${Object.keys(item)[0]} is not looked through`);
      expressions(item, level);
    }
    level.sources.push(...added);
    return added;
  }

  /** Reads the equalities of a condition, and whatever is nested in it. */
  function condition(expression: Tree | undefined, holds: Source[], level: Level): void {
    if (!expression) return;
    const bool = expression.BoolExpr as { boolop: string; args: Tree[] } | undefined;
    if (bool?.boolop === 'AND_EXPR') {
      for (const arg of bool.args) condition(arg, holds, level);
      return;
    }
    const compared = expression.A_Expr as Tree | undefined;
    const isEqual = compared && ['AEXPR_OP', 'AEXPR_NOT_DISTINCT'].includes(compared.kind as string);
    if (isEqual && words(compared.name as Node[])[0] === '=') {
      const left = term(compared.lexpr as Tree, level);
      const right = term(compared.rexpr as Tree, level);
      const binds = holds.map(({ tenant }) => tenant).filter((tenant) => typeof tenant === 'object');
      const ofTable = typeof left === 'object' || typeof right === 'object';
      if (ofTable && left !== undefined && right !== undefined) {
        equalities.push({ sides: [left, right], binds: new Set(binds) });
      }
    }
    expressions(expression, level);
  }

  /** Finds the subqueries within expressions. */
  function expressions(tree: unknown, level: Level): void {
    if (Array.isArray(tree)) for (const item of tree) expressions(item, level);
    else if (tree && typeof tree === 'object') {
      for (const [key, value] of Object.entries(tree)) {
        if (key === 'subselect') statement(value as Tree, level);
        else expressions(value, level);
      }
    }
  }

  function withClause(tree: Tree, level: Level): void {
    const clause = tree.withClause as { ctes: Tree[]; recursive?: boolean } | undefined;
    for (const { CommonTableExpr } of clause?.ctes ?? []) {
      const { ctename, ctequery } = CommonTableExpr as { ctename: string; ctequery: Tree };
      // A recursive query names itself; what it hands on from there is not followed.
      if (clause?.recursive) level.named.set(ctename, undefined);
      const [kind] = Object.keys(ctequery);
      if (kind !== 'SelectStmt') faults.push(`${kind} within WITH`);
      level.named.set(ctename, statement(ctequery, level));
    }
  }

  const enter = (outer?: Level): Level => ({ sources: [], named: new Map(outer?.named), outer });

  /** Walks a statement; returns what its rows have as `tenant_id`. */
  function statement(wrapped: Tree, outer?: Level): Term | undefined {
    const [kind, body] = Object.entries(wrapped)[0] as [string, Tree];
    if (kind === 'SelectStmt') return select(body, outer);
    if (kind === 'InsertStmt') insert(body, outer);
    else if (kind === 'UpdateStmt' || kind === 'DeleteStmt') change(body, outer);
    else faults.push(`${kind} is not looked through`);
    return undefined;
  }

  /** `column` by name, or by its place. */
  function select(tree: Tree, outer?: Level, column: string | number = 'tenant_id'): Term | undefined {
    const level = enter(outer);
    withClause(tree, level);
    if (tree.op !== 'SETOP_NONE') {
      const [left, right] = [tree.larg, tree.rarg].map((arm) => select(arm as Tree, level, column));
      return left === right ? left : undefined;
    }
    const pending: [Tree, Source[]][] = [];
    for (const item of (tree.fromClause ?? []) as Tree[]) from(item, level, pending);
    for (const [quals, holds] of pending) condition(quals, holds, level);
    condition(tree.whereClause as Tree, level.sources, level);
    const { withClause: _, fromClause: __, whereClause: ___, ...rest } = tree;
    expressions(rest, level);
    return output(tree, column, level);
  }

  /** The tenant among the columns that a query gives. */
  function output(tree: Tree, column: string | number, level: Level): Term | undefined {
    const targets = ((tree.targetList ?? []) as { ResTarget: { name?: string; val: Tree } }[]).map(
      (one) => one.ResTarget,
    );
    if (typeof column === 'number') return term(targets[column]?.val, level);
    for (const { name, val } of targets) {
      const fields = (val.ColumnRef as { fields: Node[] } | undefined)?.fields ?? [];
      const path = words(fields);
      if ((name ?? path.at(-1)) === column) return term(val, level);
      if (!fields.some((field) => 'A_Star' in field)) continue;
      const source = level.sources.find(
        (one) => one.column === column && (path[0] === undefined || one.name === path[0]),
      );
      if (source) return source.tenant;
    }
    return undefined;
  }

  function insert(tree: Tree, outer: Level | undefined): void {
    const level = enter(outer);
    withClause(tree, level);
    const [target] = refer(tree.relation as Tree, level);
    const columns = ((tree.cols ?? []) as Tree[]).map(({ ResTarget }) => (ResTarget as { name: string }).name);
    const at = columns.indexOf(target?.column ?? '');
    const { SelectStmt } = tree.selectStmt as { SelectStmt: Tree };
    const rows = SelectStmt.valuesLists as { List: { items: Tree[] } }[] | undefined;
    const values = rows?.map(({ List }) => term(List.items[at], level)) ?? [select(SelectStmt, level, at)];
    // Every row gives it, or none is bound.
    if (values.every((value) => value !== undefined)) for (const value of values) bind(target, value);
    if (rows) expressions(rows, level);
    const conflict = tree.onConflictClause as { infer?: { indexElems: Tree[] } } | undefined;
    const keys = conflict?.infer?.indexElems.map(({ IndexElem }) => (IndexElem as { name: string }).name);
    if (keys && !keys.includes('tenant_id')) faults.push(`ON CONFLICT of ${nameOf(tree)} is not led by the tenant`);
    expressions([tree.onConflictClause, tree.returningList], { ...level, sources: target ? [target] : [] });
  }

  function bind(target: Source | undefined, value: Term): void {
    if (typeof target?.tenant !== 'object') return;
    equalities.push({ sides: [target.tenant, value], binds: new Set([target.tenant]) });
  }

  function change(tree: Tree, outer: Level | undefined): void {
    const level = enter(outer);
    withClause(tree, level);
    level.sources.push(...refer(tree.relation as Tree, level));
    const pending: [Tree, Source[]][] = [];
    for (const item of (tree.fromClause ?? tree.usingClause ?? []) as Tree[]) from(item, level, pending);
    for (const [quals, holds] of pending) condition(quals, holds, level);
    condition(tree.whereClause as Tree, level.sources, level);
    const changed = ((tree.targetList ?? []) as Tree[]).map(({ ResTarget }) => (ResTarget as { name: string }).name);
    if (changed.includes('tenant_id')) faults.push(`UPDATE of ${nameOf(tree)} sets the tenant`);
    expressions([tree.targetList, tree.returningList], level);
  }

  for (const { stmt } of parsed.stmts ?? []) statement(stmt as Tree);

  const isBound = (side: Term) => typeof side === 'number' || side.bound;
  for (let found = true; found; ) {
    found = false;
    for (const { sides, binds } of equalities) {
      for (const [side, other] of [sides, [...sides].reverse()] as [Term, Term][]) {
        if (typeof side === 'number' || side.bound || !binds.has(side) || !isBound(other)) continue;
        side.bound = found = true;
      }
    }
  }
  // Of an equality that binds nothing new too: all of them must name the same tenant.
  for (const { sides } of equalities) for (const side of sides) if (typeof side === 'number') parameters.add(side);
  faults.push(...references.filter(({ bound }) => !bound).map(({ table }) => `${table} is not bound to the tenant`));
  return { faults, references: references.length, parameters };
}

const words = (nodes: Node[]) =>
  nodes.map((node) => ('String' in node ? node.String.sval : undefined)).filter((word) => word !== undefined);

const nameOf = (tree: Tree) => (tree.relation as { relname: string }).relname;
