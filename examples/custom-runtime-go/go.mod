module example/custom-runtime-go

go 1.19
