go build -o orders .
