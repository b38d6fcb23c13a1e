"""What is wrong with labelled photos: copies, wrong labels, outliers, photos of poor quality."""
