// A custom runtime in Go with nothing but the standard library: polls for calls, answers each.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

var api = "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/"

type event struct {
	Name string `json:"name"`
}

type result struct {
	Message     string `json:"message"`
	RemainingMs int64  `json:"remainingMs"`
}

// What the function does; the rest is the same for every function.
func handle(payload []byte, deadline time.Time) (any, error) {
	var in event
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, err
	}
	if in.Name == "" {
		return nil, fmt.Errorf("no name was given")
	}
	return result{"Hello, " + in.Name + "!", time.Until(deadline).Milliseconds()}, nil
}

func main() {
	polls, _ := strconv.Atoi(os.Getenv("POLLS")) // as many as PodConcurrentQuota says
	for ; polls > 1; polls-- {
		go serve()
	}
	serve()
}

func serve() {
	for {
		response, err := http.Get(api + "invocation/next")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		payload, _ := io.ReadAll(response.Body)
		response.Body.Close()
		id := response.Header.Get("Lambda-Runtime-Aws-Request-Id")
		deadlineMs, _ := strconv.ParseInt(response.Header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64)
		fmt.Println("called as", id)
		if out, err := handle(payload, time.UnixMilli(deadlineMs)); err != nil {
			post(id+"/error", map[string]string{"errorType": fmt.Sprintf("%T", err), "errorMessage": err.Error()})
		} else {
			post(id+"/response", out)
		}
	}
}

func post(path string, value any) {
	body, err := json.Marshal(value)
	if err == nil {
		var response *http.Response
		if response, err = http.Post(api+"invocation/"+path, "application/json", bytes.NewReader(body)); err == nil {
			response.Body.Close()
			return
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
