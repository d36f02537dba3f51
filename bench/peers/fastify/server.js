// Fastify + pg, the reference outside Python: response schemas and prepared statements, as their
// manuals say; a pool of 10, which is pg's own choice.
import Fastify from 'fastify'
import pg from 'pg'

pg.types.setTypeParser(pg.types.builtins.INT8, Number)
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text)

const COLUMNS = `id, user_id, title, description, completed, completed_at, priority, due_date, due_at,
  tags, "order", revision, created_at, updated_at`
const THIS = 'user_id = $1 AND id = $2 AND deleted_at IS NULL'

const READ = { name: 'read', text: `SELECT ${COLUMNS} FROM tasks WHERE ${THIS}` }
const LIST = {
  name: 'list',
  text: `SELECT ${COLUMNS} FROM tasks WHERE user_id = $1 AND deleted_at IS NULL
    ORDER BY created_at, id LIMIT $2`
}
const CREATE = {
  name: 'create',
  text: `INSERT INTO tasks (user_id, title, description, completed, priority, tags, revision,
      created_at, updated_at)
    VALUES ($1, $2, $3, false, $4, $5, 1, now(), now()) RETURNING ${COLUMNS}`
}
const TOGGLE = {
  name: 'toggle',
  text: `UPDATE tasks SET completed = NOT completed, revision = revision + 1, updated_at = now(),
      completed_at = CASE WHEN completed THEN NULL ELSE now() END
    WHERE ${THIS} RETURNING ${COLUMNS}`
}

const integer = { type: 'integer' }
const string = { type: 'string' }
const instant = { type: 'string', format: 'date-time' }
const nullable = (schema) => ({ ...schema, nullable: true })
const TASK = {
  type: 'object',
  properties: {
    id: integer,
    user_id: integer,
    title: string,
    description: nullable(string),
    completed: { type: 'boolean' },
    completed_at: nullable(instant),
    priority: integer,
    due_date: nullable(string),
    due_at: nullable(instant),
    tags: { type: 'array', items: string },
    order: nullable(integer),
    revision: integer,
    created_at: instant,
    updated_at: instant
  }
}
const NEW_TASK = {
  type: 'object',
  required: ['title'],
  properties: {
    title: { type: 'string', minLength: 1, maxLength: 200 },
    description: nullable(string),
    priority: { ...integer, default: 0 },
    tags: { type: 'array', items: string, default: [] }
  }
}
const OWNER = { type: 'object', properties: { user: integer } }
const ONE = { type: 'object', properties: { user: integer, id: integer } }
const PAGE = { type: 'object', properties: { limit: { ...integer, default: 50 } } }

const pool = new pg.Pool()
const app = Fastify()

async function one (reply, query, values) {
  const { rows } = await pool.query({ ...query, values })
  return rows[0] ?? reply.code(404).send({ message: 'Task not found' })
}

app.get('/api/:user/tasks', {
  schema: { params: OWNER, querystring: PAGE, response: { 200: { type: 'array', items: TASK } } }
}, async (request) => {
  const values = [request.params.user, request.query.limit]
  return (await pool.query({ ...LIST, values })).rows
})

app.get('/api/:user/tasks/:id', {
  schema: { params: ONE, response: { 200: TASK } }
}, (request, reply) => one(reply, READ, [request.params.user, request.params.id]))

app.post('/api/:user/tasks', {
  schema: { params: OWNER, body: NEW_TASK, response: { 201: TASK } }
}, (request, reply) => {
  const { title, description, priority, tags } = request.body
  return one(reply.code(201), CREATE, [request.params.user, title, description, priority, tags])
})

app.patch('/api/:user/tasks/:id/complete', {
  schema: { params: ONE, response: { 200: TASK } }
}, (request, reply) => one(reply, TOGGLE, [request.params.user, request.params.id]))

await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
