import * as z from 'zod';
import { ApiKey, Member } from './people.ts';
import {
  ActivityEntry,
  AuditEntry,
  Change,
  Comment,
  ProjectWithTasks,
  pageMembers,
  TagWithCount,
  Task,
  Tenant,
  Trashed,
} from './resources.ts';
import { Webhook, WebhookDelivery } from './webhook-resources.ts';

/* The schemas of pages of lists. */

const ProjectInList = ProjectWithTasks.partial({ tasks: true, tasks_page: true }).meta({
  id: 'ProjectInList',
  description: 'A project, with `include=tasks` with its first tasks.',
});

const Page = z
  .object({
    ...pageMembers,
    total: z.int().optional().meta({ description: 'How many rows there are on all pages, with `count=true`.' }),
  })
  .meta({ id: 'Page', description: 'Which part of a list a page is, and where the next one starts.' });

/**
 * A page of a list. Its items have all members, as they do without `fields`: for the few requests that send it, nobody
 * should have to ask of every member whether it is there.
 */
function pageOf<T extends z.ZodObject>(item: T, id: string, what: string) {
  return z
    .object({
      data: z.array(item).meta({ description: 'The rows. With `fields` they have those members alone.' }),
      page: Page,
    })
    .meta({ id, description: `A page of ${what}.` });
}

export const ActivityPage = pageOf(ActivityEntry, 'ActivityPage', 'the activity');
export const ApiKeyPage = pageOf(ApiKey, 'ApiKeyPage', 'API keys');
export const AuditPage = pageOf(AuditEntry, 'AuditPage', 'the audit log');
export const CommentPage = pageOf(Comment, 'CommentPage', 'comments');
export const MemberPage = pageOf(Member, 'MemberPage', 'members');
export const ProjectPage = pageOf(ProjectInList, 'ProjectPage', 'projects');
export const TagPage = pageOf(TagWithCount, 'TagPage', 'tags');
export const TaskPage = pageOf(Task, 'TaskPage', 'tasks');
export const TenantPage = pageOf(Tenant, 'TenantPage', 'tenants');
export const WebhookDeliveryPage = pageOf(WebhookDelivery, 'WebhookDeliveryPage', 'deliveries');
export const WebhookPage = pageOf(Webhook, 'WebhookPage', 'webhooks');
export const TrashPage = pageOf(Trashed, 'TrashPage', 'the trash');

/** Unlike that of a list, a page of changes has a cursor always. */
export const ChangePage = z
  .object({
    data: z.array(Change).meta({ description: 'The changes, in their order.' }),
    page: z
      .object({
        ...pageMembers,
        has_more: z.boolean().meta({ description: 'Whether there is more already.' }),
        next_cursor: z.string().meta({ description: 'The `cursor` for what comes next, now or later.' }),
      })
      .meta({ id: 'ChangesPage', description: 'Where the changes go on.' }),
  })
  .meta({ id: 'ChangePage', description: 'A page of changes.' });
