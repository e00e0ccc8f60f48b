// ogen: one project from its creation to its return from the trash.
package main

import (
	"context"
	"log"
	"os"

	"github.com/ogen-go/ogen/ogenerrors"

	"client/api"
)

func check(ok bool, what string, found any) {
	if !ok {
		log.Fatalf("%s: %+v", what, found)
	}
}

func must[T any](value T, err error) T {
	check(err == nil, "failed", err)
	return value
}

// as says what kind of response it is, or ends the program.
func as[T any](value any) T {
	response, ok := value.(T)
	check(ok, "another response", value)
	return response
}

type credentials struct{}

func (credentials) Bearer(context.Context, api.OperationName) (api.Bearer, error) {
	return api.Bearer{Token: os.Getenv("TOKEN")}, nil
}

func (credentials) TenantToken(context.Context, api.OperationName) (api.TenantToken, error) {
	return api.TenantToken{}, ogenerrors.ErrSkipClientSecurity
}

func main() {
	ctx := context.Background()
	client := must(api.NewClient(os.Getenv("ORIGIN"), credentials{}))

	metadata := api.NewOptMetadata(api.Metadata{"seats": api.JsonValue("[1]")})
	tasks := []api.NewTask{{Title: "Book", Subtasks: []api.NewSubtask{{Title: "Pay"}}}}
	body := &api.CreateProject{Name: "Trip", Metadata: metadata, Tasks: tasks}
	made := as[*api.ProjectWithTasksHeaders](must(client.CreateProject(ctx, body, api.CreateProjectParams{})))
	id := made.Response.ID

	got := as[*api.GetProjectOKHeaders](must(client.GetProject(ctx, api.GetProjectParams{ID: id})))
	check(len(got.Response.Tasks) == 2 && got.Response.Tasks[1].Title == "Pay", "get", got.Response)
	check(string(got.Response.Metadata["seats"]) == "[1]", "metadata", got.Response)

	list := as[*api.ProjectPageHeaders](must(client.ListProjects(ctx, api.ListProjectsParams{Limit: api.NewOptInt(1)})))
	check(list.Response.Data[0].Name == "Trip" && !list.Response.Page.HasMore, "list", list.Response)

	update := func(status api.ProjectStatus) api.UpdateProjectRes {
		body := &api.UpdateProjectApplicationJSON{Status: api.NewOptProjectStatus(status)}
		return must(client.UpdateProject(ctx, body, api.UpdateProjectParams{ID: id, IfMatch: api.NewOptString(got.ETag)}))
	}
	changed := as[*api.ProjectHeaders](update(api.ProjectStatusArchived))
	check(changed.Response.Status == api.ProjectStatusArchived, "patch", changed)
	stale := as[*api.PreconditionFailedHeaders](update(api.ProjectStatusActive))
	check(stale.Response.Code == api.ProblemCodePreconditionFailed, "stale", stale)

	as[*api.DeleteProjectNoContent](must(client.DeleteProject(ctx, api.DeleteProjectParams{ID: id})))
	restored := as[*api.RestoreProjectOKHeaders](must(client.RestoreProject(ctx, api.RestoreProjectParams{ID: id})))
	check(len(restored.Response.Tasks) == 2, "restore", restored)
}
