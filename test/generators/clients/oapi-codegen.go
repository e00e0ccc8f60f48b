// oapi-codegen: one project from its creation to its return from the trash.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

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

func main() {
	ctx := context.Background()
	signIn := api.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
		return nil
	})
	client := must(api.NewClientWithResponses(os.Getenv("ORIGIN"), signIn))

	metadata := api.Metadata{"seats": []int{1}}
	subtasks := []api.NewSubtask{{Title: "Pay"}}
	tasks := []api.NewTask{{Title: "Book", Subtasks: &subtasks}}
	body := api.CreateProject{Name: "Trip", Metadata: &metadata, Tasks: &tasks}
	made := must(client.CreateProjectWithResponse(ctx, nil, body))
	check(made.JSON201 != nil, "create", string(made.Body))
	id := made.JSON201.Id

	got := must(client.GetProjectWithResponse(ctx, id, nil))
	check(len(got.JSON200.Tasks) == 2 && got.JSON200.Tasks[1].Title == "Pay", "get", string(got.Body))

	limit := 1
	list := must(client.ListProjectsWithResponse(ctx, &api.ListProjectsParams{Limit: &limit}))
	check(list.JSON200.Data[0].Name == "Trip" && !list.JSON200.Page.HasMore, "list", string(list.Body))

	tag := got.HTTPResponse.Header.Get("ETag")
	update := func(status api.ProjectStatus) *api.UpdateProjectResponse {
		params := &api.UpdateProjectParams{IfMatch: &tag}
		return must(client.UpdateProjectWithResponse(ctx, id, params, api.UpdateProject{Status: &status}))
	}
	changed := update("archived")
	check(changed.JSON200 != nil && changed.JSON200.Status == "archived", "patch", string(changed.Body))
	stale := update("active")
	check(stale.StatusCode() == 412 && stale.ApplicationproblemJSON412.Code == "precondition_failed", "stale", string(stale.Body))

	deleted := must(client.DeleteProjectWithResponse(ctx, id, nil))
	check(deleted.StatusCode() == 204, "delete", string(deleted.Body))
	restored := must(client.RestoreProjectWithResponse(ctx, id, nil))
	check(restored.JSON200 != nil && len(restored.JSON200.Tasks) == 2, "restore", string(restored.Body))
}
