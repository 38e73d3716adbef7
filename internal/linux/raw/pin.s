// Empty. It lets pin.go declare a function that has its body elsewhere.
